"""The tables of the model card."""

from collections.abc import Mapping, Sequence
from typing import Any

from classifier.figures import with_interval
from classifier.labels import BY_NAME

FEWEST_OF_A_KIND = 20
"""Kinds with fewer messages are not ranked among the weakest."""


def decision_table(figures: Mapping[str, Any]) -> str:
    """Recall, precision and ranking of the decision that ships."""
    any_risk, look_alikes = figures["any_risk"], figures["look_alikes"]
    rows = [
        ("recall, any risk", with_interval(any_risk["recall"])),
        ("precision, any risk (at this set's share of risk)", with_interval(any_risk["precision"])),
        ("AUROC, any risk", with_interval(any_risk["auroc"])),
        ("`intent` found by any self-harm label", with_interval(figures["intent_found"])),
        ("macro-F1 over labels", with_interval(figures["macro_f1"])),
    ]
    if look_alikes:
        rows += [
            ("AUROC against look-alikes", with_interval(look_alikes["auroc"])),
            ("recall at 5 % false alarms on look-alikes", with_interval(look_alikes["recall_at_5_percent"])),
            ("false alarms on look-alikes", f"{look_alikes['false_alarm_rate']:.3f}"),
        ]
    if everyday := figures["everyday"]:
        share = f"{everyday['flagged']} of {everyday['messages']} ({everyday['low']:.3f}-{everyday['high']:.3f})"
        rows.append(("false alarms on everyday talk without a risky twin", share))
    return "| at the shipped thresholds | |\n| --- | --- |\n" + "\n".join(
        f"| {name} | {value} |" for name, value in rows
    )


def label_table(figures: Mapping[str, Any]) -> str:
    """Figures of areas and labels."""
    head = "| area or label | positives | recall | precision | F1 | AP |\n| --- | --- | --- | --- | --- | --- |\n"
    blocks = {**figures["areas"], **figures["labels"]}
    lines = []
    for name, block in blocks.items():
        shown = f"`{name}`" if name in BY_NAME else f"**{name}**"
        cells = " | ".join(with_interval(block[key]) for key in ("recall", "precision", "f1", "ap"))
        lines.append(f"| {shown} | {block['positives']} | {cells} |")
    return head + "\n".join(lines)


def kind_table(figures: Mapping[str, Any]) -> str:
    """Share flagged by kind of the labelling guide."""
    head = "| kind (labelling guide) | messages | flagged | share (95 %) |\n| --- | --- | --- | --- |\n"
    lines = [
        f"| {kind} {'risky' if entry['risky'] else 'safe'} | {entry['messages']} | {entry['flagged']} | "
        f"{entry['rate']:.3f} ({entry['low']:.3f}-{entry['high']:.3f}) |"
        for kind, entry in figures["kinds"].items()
    ]
    return head + "\n".join(lines) if lines else ""


def weakest(kinds: Mapping[str, Any]) -> str:
    """The ways of wording that are missed most and the safe kinds that are flagged most, of those with 20 messages or more."""
    enough = {kind: entry for kind, entry in kinds.items() if entry["messages"] >= FEWEST_OF_A_KIND}
    missed = sorted((entry["rate"], kind) for kind, entry in enough.items() if entry["risky"])[:3]
    flagged = sorted(((entry["rate"], kind) for kind, entry in enough.items() if not entry["risky"]), reverse=True)[:3]
    return "".join(
        f"- {title}: {', '.join(f'{kind} ({rate:.2f} flagged)' for rate, kind in worst)}.\n"
        for title, worst in (("Found least, by wording", missed), ("Wrongly flagged most, by kind", flagged))
        if worst
    )


def alarm_table(presumed_safe: Mapping[str, Any]) -> str:
    """False alarms on presumed-safe real sentences."""
    if not presumed_safe:
        return ""
    head = "| presumed-safe real sentences | sentences | alarms | per 1,000 (95 %) |\n| --- | --- | --- | --- |\n"
    return head + "\n".join(
        f"| {name} | {entry['sentences']} | {entry['alarms']} "
        f"| {entry['per_1000']:.1f} ({entry['low']:.1f}-{entry['high']:.1f}) |"
        for name, entry in presumed_safe.items()
    )


def slice_tables(figures: Mapping[str, Any]) -> str:
    """Recall and false alarms by register, length and context."""
    blocks = []
    for way, members in figures["slices"].items():
        lines = [
            f"| {way} | messages | risky | recall | false alarms among safe messages |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [
            f"| {name} | {entry['messages']} | {entry['risky']} | {with_interval(entry['recall'])} | "
            f"{with_interval(entry['false_alarm_rate'])} |"
            for name, entry in members.items()
        ]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def hard_cases(figures: Mapping[str, Any], disguised: Mapping[str, Any] | None) -> str:
    """Contrast pairs and disguised copies."""
    titles = {"all": "contrast pairs", "identical": "pairs of identical text under different context"}
    lines = [
        f"- {titles[name].capitalize()}, both right: {with_interval(entry['both_right'])} of {entry['pairs']}."
        for name, entry in figures["pairs"].items()
    ]
    if disguised:
        lines.append(
            f"- Disguised copies of {disguised['messages']} risky messages (`vangnet-train disguise`): recall "
            f"{with_interval(disguised['recall_disguised'])}, as they are {with_interval(disguised['recall_plain'])}, lost "
            f"{with_interval(disguised['lost'])}."
        )
    return "\n".join(lines)


def calibration_table(calibration: Mapping[str, Any]) -> str:
    """Calibration of the highest label score, at the calibration's mix and at the data's share of risk."""
    if not calibration:
        return ""
    lines = [
        "| any risk | slope | intercept | Brier skill over the base rate | calibration error (ten equal-count bins) |",
        "| --- | --- | --- | --- | --- |",
    ]
    titles = {
        "mix": "the mix of calibration.json",
        "data": f"{calibration['share_of_risk_in_data']:.0%} risky, safe messages mixed as there",
    }
    for name, title in titles.items():
        entry = calibration[name]
        cells = (entry["slope"], entry["intercept"], entry["brier_skill"], entry["calibration_error"])
        lines.append(f"| {title} | {' | '.join(f'{value:.3f}' for value in cells)} |")
    return "\n".join(lines)


def latency_table(latency: Mapping[str, Any]) -> str:
    """Milliseconds of one message, with tokenising."""
    lines = [f"| one message, one thread, {latency['processor']} | median ms | 95 % within ms |", "| --- | --- | --- |"]
    lines += [
        f"| {tokens} tokens | {entry['median_ms']:.2f} | {entry['p95_ms']:.2f} |"
        for tokens, entry in latency["tokens"].items()
    ]
    return "\n".join(lines)


def history_table(history: Sequence[Mapping[str, Any]]) -> str:
    """Versions so far; their test voices differ, so the rows do not compare like with like."""
    lines = [
        "| version | made | test messages | AUROC, any risk | recall at review_at | macro-F1 |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {entry['version']} | {entry['created'][:10]} | {entry['messages']} | {entry['auroc']} | {entry['recall']} | "
        f"{entry['macro_f1']} |"
        for entry in history
    ]
    return "\n".join(lines)
