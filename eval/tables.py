"""The tables of a run, worst first, as plain cells."""

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from classifier.figures import CAVEAT
from eval.target_figures import BRIEF

FIGURES = {
    "recall": "recall",
    "false_alarm_rate": "false alarms",
    "precision": "precision",
    "precision_at_1_in_100": "precision at 1 in 100",
    "f1": "F1",
    "auroc": "AUROC",
    "ap": "average precision",
    "recall_at_5_percent": "recall at 5 % false alarms",
    "recall_at_1_percent": "recall at 1 % false alarms",
    "recall_at_0_1_percent": "recall at 0.1 % false alarms",
    "false_alarms_at_recall_95": "false alarms at 95 % recall",
    "calibration_error": "calibration error",
    "found_within_0": "risk found at its first message",
    "found_within_1": "risk found at most 1 message later",
    "found_within_3": "risk found at most 3 messages later",
    "false_alarms": "conversations flagged without risk, or before it",
    "erde_5": "ERDE-5 (lower is better)",
    "latency_f1": "F1 weighted by latency",
    "both_right": "both messages decided rightly",
    "rate": "flagged",
}
"""Names of figures in results.json, in the order of tables, and what tables call them."""
HEADLINE = {
    "recall": "share of risky messages that are flagged",
    "false_alarm_rate": "share of safe messages that are flagged",
    "precision_at_1_in_100": "share of alarms that are right where 1 message in 100 is risky",
    "auroc": "chance that a risky message scores above a safe one",
}
"""Figures that come first, and what they are."""
UNSURE = "not estimable"
INTERVALS = (
    "Figures are shares from 0 to 1, with the 95 % interval of a bootstrap that draws clusters of messages as wholes "
    "(conversations or voices where the data names them)."
)


@dataclass(frozen=True)
class Table:
    """Rows of cells under heads, as plain texts that nothing has escaped yet."""

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]


def main_target(results: Mapping[str, Any]) -> str:
    """The target that slices, pairs and pictures are about: any risk where it is known."""
    return next(iter(results["targets"]))


def caveat(results: Mapping[str, Any]) -> str:
    """What stands beside figures of messages that were written for their suite; otherwise nothing."""
    return f"Measured {CAVEAT}." if results["suite"]["written"] else ""


def measured(results: Mapping[str, Any]) -> dict[str, str]:
    """What was measured, on what, and how."""
    suite, system = results["suite"], results["system"]
    return {
        "suite": f"{suite['name']}, version {suite['version']}",
        "description": suite["description"] or "none given",
        "licence": suite["licence"] or "none given",
        "obtain": suite["obtain"] or "none given",
        "status": suite["status"] or "none given",
        "file": f"{suite['file']}, {suite['rows']:,} rows",
        "SHA-256": suite["sha256"],
        "system": system["name"],
        **{f"system, {name}": str(value) for name, value in system["facts"].items()},
        "Vangnet": results["vangnet"],
        "made": results["made"],
        "command": results["command"],
    }


def shown(figure: Mapping[str, Any] | float | None) -> str:
    """A figure with its interval, or that it is not estimable and why; low figures get a fourth decimal."""
    if isinstance(figure, Mapping) and "not_estimable" in figure:
        return f"{UNSURE}: {figure['not_estimable']}"
    value, *bounds = (figure["value"], figure["low"], figure["high"]) if isinstance(figure, Mapping) else (figure,)
    if _undefined(value):
        return f"{UNSURE}: undefined on these rows"
    if not bounds or any(map(_undefined, bounds)):
        return number(value)
    return f"{number(value)} ({number(bounds[0])} to {number(bounds[1])})"


def split(text: str) -> tuple[str, str]:
    """The value of a shown figure, and its interval or the reason why there is none."""
    value, _, rest = text.partition(": " if text.startswith(UNSURE) else " (")
    return value, rest if text.startswith(UNSURE) else rest.removesuffix(")")


def target_table(results: Mapping[str, Any]) -> Table:
    """Every target, worst recall first."""
    return _blocks("figures by target", "target", results["targets"], (*HEADLINE, "precision"))


def figure_table(target: str, entry: Mapping[str, Any]) -> Table:
    """All figures of one target."""
    rows = [(FIGURES[name], shown(entry["figures"][name])) for name in FIGURES if name in entry["figures"]]
    share = shown(entry["prevalence"])
    title = f"{target}: {entry['positives']:,} of {entry['rows']:,} messages are risky, a share of {share}"
    return Table(title, ("figure", "value and interval"), rows)


def slice_tables(results: Mapping[str, Any]) -> list[Table]:
    """Every way of slicing, worst recall first."""
    target = main_target(results)
    return [
        _blocks(f"by {way}", way, {value: entry[target] for value, entry in members.items()}, BRIEF)
        for way, members in results["slices"].items()
    ]


def grid(results: Mapping[str, Any]) -> tuple[list[str], list[tuple[str, dict[str, Any]]]]:
    """Columns of the functional grid beside ``all``, and per decided kind its cells, the worst kind first."""
    decided = [(kind, cells) for kind, cells in results["grid"].items() if cells]
    kinds = sorted(decided, key=lambda item: item[1]["all"]["right"] / item[1]["all"]["rows"])
    return sorted({name for _, cells in kinds for name in cells if name != "all"}), kinds


def grid_table(results: Mapping[str, Any]) -> Table:
    """Messages decided rightly by kind and subject."""
    columns, kinds = grid(results)
    rows = [
        (kind, f"{cells['all']['risky']:,}", *(_cell(cells.get(name)) for name in ("all", *columns)))
        for kind, cells in kinds
    ]
    return Table("decided rightly, by kind", ("kind", "risky", "all", *columns), rows)


def group_tables(results: Mapping[str, Any]) -> list[Table]:
    """Pairs, conversations and support speech, where the suite has them."""
    found = []
    if pairs := results["pairs"]:
        rows = [("pairs", f"{pairs['pairs']:,}"), (FIGURES["both_right"], shown(pairs["both_right"]))]
        found.append(Table("Contrast pairs: a risky and a safe message that look alike", ("", ""), rows))
    if talks := results["conversations"]:
        rows = [("conversations", f"{talks['conversations']:,}"), ("risky conversations", f"{talks['risky']:,}")]
        rows += [(FIGURES[name], shown(value)) for name, value in talks["figures"].items()]
        found.append(Table("Conversations: how early risk is found", ("", ""), rows))
    if support := results["support"]:
        rows = [("messages", f"{support['rows']:,}"), ("flagged messages", f"{support['flagged']:,}")]
        rows += [("share flagged", shown(support["rate"]))]
        found.append(Table("Safe peer support: what a filter should leave alone", ("", ""), rows))
    return found


def visible(text: str) -> str:
    """Controls, marks of direction and other characters without a form by their number, so that they do nothing.

    A line break stays, as does the joiner within emoji.
    """
    return "".join(
        f"⟨U+{ord(letter):04X}⟩"
        if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") and letter not in "\n\u200d"
        else letter
        for letter in text
    )


def worst_first(blocks: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Names and figures of targets or slices by rising recall; those without one come last."""

    def recall(item: tuple[str, Any]) -> float:
        value = item[1]["figures"]["recall"].get("value")
        return math.inf if value is None else value

    return sorted(blocks.items(), key=recall)


def _blocks(title: str, head: str, blocks: Mapping[str, Any], wanted: tuple[str, ...]) -> Table:
    rows = [
        (name, f"{entry['rows']:,}", f"{entry['positives']:,}", *(shown(entry["figures"][one]) for one in wanted))
        for name, entry in worst_first(blocks)
    ]
    return Table(title, (head, "messages", "risky", *(FIGURES[name] for name in wanted)), rows)


def _cell(cell: Mapping[str, Any] | None) -> str:
    return f"{cell['right']:,}/{cell['rows']:,}" if cell else ""


def _undefined(value: float | None) -> bool:
    return value is None or math.isnan(value)


def number(value: float) -> str:
    """Three decimals, or four where they matter; a dash for NaN."""
    if math.isnan(value):
        return "-"
    return f"{value:.4f}" if abs(value) < 0.1 else f"{value:.3f}"
