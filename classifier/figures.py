"""How a measured figure is shown, in tables and in the model card."""

from collections.abc import Mapping

CAVEAT = "on written examples; recall on real messages is unknown until you measure it"
"""Stands beside every recall until a platform measures it."""


def with_interval(figure: Mapping[str, float | None]) -> str:
    """A figure (``value``, ``low``, ``high``) with its interval, or a dash where it is undefined."""
    if figure["value"] is None:
        return "-"
    if figure["low"] is None or figure["high"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['low']:.3f}-{figure['high']:.3f})"
