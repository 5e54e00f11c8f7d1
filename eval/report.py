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
    for way, members in figures["slices"].items():
        table = Table(way, "messages", "risky", "recall", "false alarms")
        for name, entry in members.items():
            counts = str(entry["messages"]), str(entry["risky"])
            table.add_row(name, *counts, *(with_interval(entry[key]) for key in ("recall", "false_alarm_rate")))
        console.print(table)
    for name, entry in figures["pairs"].items():
        console.print(f"{name} pairs, both right: {with_interval(entry['both_right'])} of {entry['pairs']}")
    if hidden := results.get("disguised"):
        console.print(
            f"disguised copies of {hidden['messages']} risky messages: recall {with_interval(hidden['recall_disguised'])}, "
            f"as they are {with_interval(hidden['recall_plain'])}, lost {with_interval(hidden['lost'])}"
        )
    for name in ("mix", "data"):
        if entry := results["calibration"].get(name):
            console.print(
                f"calibration, any risk, {name}: {', '.join(f'{key} {value}' for key, value in entry.items())}"
            )
    for tokens, entry in results["latency"]["tokens"].items():
        console.print(f"{tokens} tokens: median {entry['median_ms']} ms, 95 % within {entry['p95_ms']} ms, one thread")
    for name, entry in results["presumed_safe"].items():
        console.print(
            f"{name}: {entry['alarms']} alarms in {entry['sentences']} presumed-safe sentences, "
            f"{entry['per_1000']:.1f} per 1,000 ({entry['low']:.1f} to {entry['high']:.1f})"
        )
