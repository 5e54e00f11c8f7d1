"""Targets: what a message can be judged for. Any risk, an area, or a label."""

from classifier.labels import LABEL_NAMES, LABELS, Area

ANY = "any"
TARGETS: tuple[str, ...] = (ANY, *map(str, Area), *LABEL_NAMES)
"""In the order of every array of scores and decisions in this package."""


def columns_of(target: str) -> list[int]:
    """Positions of the labels (as in `LABEL_NAMES`) that a target takes together.

    Raises:
        KeyError: There is no such target.
    """
    if target == ANY:
        return list(range(len(LABELS)))
    columns = [index for index, label in enumerate(LABELS) if target in (label.area, label.name)]
    if not columns:
        raise KeyError(target)
    return columns
