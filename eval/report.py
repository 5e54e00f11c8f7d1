"""Figures as tables for a terminal and as JSON for the model card."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from classifier.figures import CAVEAT, with_interval


def write_json(path: Path, results: Mapping[str, Any]) -> None:
    """Write all results."""
    path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def show(results: Mapping[str, Any], console: Console) -> None:
    """Print every table."""
    figures = results["figures"]
    console.print(
        f"{results['bundle']}: {figures['messages']} messages, {figures['clusters']} clusters ({CAVEAT}); "
        "95 % intervals by bootstrap over clusters"
    )
    blocks = {"any risk": figures["any_risk"], **figures["areas"], **figures["labels"]}
    table = Table("", "positives", "recall", "precision", "F1", "AP", "AUROC", title="value (95 % interval)")
    for name, block in blocks.items():
        cells = (with_interval(block[key]) for key in ("recall", "precision", "f1", "ap", "auroc"))
        table.add_row(name, str(block["positives"]), *cells)
    console.print(table)
    console.print(f"macro-F1 over labels at review_at: {with_interval(figures['macro_f1'])}")
    console.print(f"intent found by any self-harm label: {with_interval(figures['intent_found'])}")
    console.print(f"false alarms among all safe messages: {with_interval(figures['any_risk']['false_alarm_rate'])}")
    if figures["look_alikes"]:
        safe = figures["look_alikes"]
        console.print(
            f"against look-alikes: AUROC {with_interval(safe['auroc'])}, recall at 5 % false alarms "
            f"{with_interval(safe['recall_at_5_percent'])}, false alarms at review_at {safe['false_alarm_rate']}"
        )
    if figures["everyday"]:
        entry = figures["everyday"]
        console.print(f"everyday talk without a risky twin: {entry['flagged']} of {entry['messages']} flagged")
    if figures["kinds"]:
        kinds = Table("kind", "", "messages", "flagged", "rate (95 %)")
        for kind, entry in figures["kinds"].items():
            rate = f"{entry['rate']:.3f} ({entry['low']:.3f} to {entry['high']:.3f})"
            kinds.add_row(
                kind, "risky" if entry["risky"] else "safe", str(entry["messages"]), str(entry["flagged"]), rate
            )
        console.print(kinds)
    for name, entry in results["presumed_safe"].items():
        console.print(
            f"{name}: {entry['alarms']} alarms in {entry['sentences']} presumed-safe sentences, "
            f"{entry['per_1000']:.1f} per 1,000 ({entry['low']:.1f} to {entry['high']:.1f})"
        )
