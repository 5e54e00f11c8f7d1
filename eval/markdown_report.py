"""A run in Markdown."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.tables import (
    FIGURES,
    HEADLINE,
    INTERVALS,
    Table,
    caveat,
    figure_table,
    grid_table,
    group_tables,
    main_target,
    measured,
    shown,
    slice_tables,
    target_table,
    visible,
)


def write_markdown(path: Path, results: Mapping[str, Any]) -> None:
    """Write a short report.

    Args:
        path: The file, replaced where it exists.
        results: As `eval.evaluation.evaluate` gives them.
    """
    target = main_target(results)
    main = results["targets"][target]
    parts = [
        f"# {_safe(results['system']['name'])} on {_safe(results['suite']['name'])}",
        *([f"**{caveat(results)}**"] if caveat(results) else []),
        "\n".join(f"- {_safe(name)}: {_safe(value)}" for name, value in measured(results).items()),
        f"## Target {target}",
        "\n".join(
            f"- **{FIGURES[name]}** ({meaning}): {_safe(shown(main['figures'][name]))}"
            for name, meaning in HEADLINE.items()
        ),
        INTERVALS,
        *map(markdown, (figure_table(target, main), target_table(results), *slice_tables(results))),
        *([markdown(grid_table(results))] if any(results["grid"].values()) else []),
        *map(markdown, group_tables(results)),
    ]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _safe(text: str) -> str:
    """As Markdown that is the text itself, on one line."""
    return re.sub(r"([\\`*\[\]<>|~])", r"\\\1", visible(text).replace("\n", " "))


def markdown(table: Table) -> str:
    """A table in Markdown, under its title."""
    cells = [tuple(map(_safe, row)) for row in (table.heads, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    lines.insert(1, " | ".join("-" * max(3, width) for width in widths))
    return f"### {_safe(table.title)}\n\n" + "\n".join(f"| {line} |" for line in lines)
