"""The model card, rendered from a bundle and from the results that `vangnet-eval` wrote; it shows no training text."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from classifier.bundle import Bundle, read_bundle
from classifier.figures import CAVEAT, with_interval
from classifier.labels import BY_NAME
from training.corpus_files import FOLDER, read_splits
from training.errors import TrainingError
from training.inputs import digest

FEWEST_OF_A_KIND = 20
"""Kinds with fewer messages are not ranked among the weakest."""


def write_card(folder: Path, results: Path, corpus: Path = FOLDER) -> Path:
    """Render README.md in the bundle's folder.

    Args:
        folder: A finished bundle.
        results: ``results.json`` of an evaluation of this bundle on the test voices.
        corpus: Folder of the written corpus, which says what the test voices are.

    Raises:
        TrainingError: The results cannot be read, belong to another bundle, or were not measured on the test voices.
    """
    bundle = read_bundle(folder)
    try:
        measured = json.loads(results.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{results}: {error}") from None
    if measured.get("bundle") != bundle.name:
        raise TrainingError(f"{results}: was measured on {measured.get('bundle')}, not on {bundle.name}")
    held_out = digest(corpus / f"{voice}.jsonl" for voice, split in read_splits(corpus).items() if split == "test")
    if {Path(name).name: sha256 for name, sha256 in measured["data"].items()} != held_out:
        raise TrainingError(f"{results}: was not measured on the test voices, {', '.join(held_out)}")
    card = folder / "README.md"
    card.write_text(_render(bundle, measured), encoding="utf-8")
    return card


def _render(bundle: Bundle, measured: Mapping[str, Any]) -> str:
    manifest, figures = bundle.manifest, measured["figures"]
    training, policy, parity = manifest["training"], bundle.json("policy.json"), bundle.json("parity.json")
    sections = [
        f"# {bundle.name}",
        "Risk in Dutch chat messages: self-harm and unsafe peer influence, eleven labels. Written by `vangnet-train card`; "
        "every figure below is computed.",
        "## Use\n\nFor showing messages to moderators sooner. Not a crisis service, not a diagnosis, and not for blocking, "
        "punishing or profiling people: the scores advise, people decide.",
        "## Figures\n\n"
        + f"**{CAVEAT.capitalize()}.** {figures['messages']} messages of {figures['clusters']} voices that were neither "
        "trained on nor calibrated on, written to be hard. 95 % intervals by bootstrap over voices, which are few: read them "
        "as rough. What these voices were read for before, and what was decided on it, is logged in docs/test-readings.md.\n\n"
        + _commands(measured["presumed_safe"]),
        _decision_table(figures),
        _label_table(figures),
        _kind_table(figures),
        _alarm_table(measured["presumed_safe"]),
        "## Thresholds\n\n" + _thresholds(policy),
        "## Training\n\n" + _training(training, manifest),
        "## The int8 file against fp32\n\n"
        f"On {parity['rows']} rows (parity.json): mean logit gap {parity['int8_mean_gap']:.3f} (logits spread "
        f"{parity['fp32_logit_spread']:.2f}), changed decisions "
        f"{parity['changed_decisions']:.2%}; torch to fp32 ONNX at most {parity['torch_to_fp32_largest_gap']:.1g}. The bundle "
        f"is {sum(map(len, bundle.files.values())) / 1e6:.1f} MB.",
        "## Known limits\n\n"
        + _weakest(figures["kinds"])
        + "- Few voices judge it, written by the same kind of hand as the training voices; an unseen platform will differ.\n"
        "- Scores are calibrated for the mix named in calibration.json, not for your platform's.\n"
        "- At most five turns of context are read.\n"
        "- int8 arithmetic differs between kinds of processors; the self-test at start-up compares with recorded scores.",
        "## Licence\n\nMIT; see NOTICE for the encoder's.",
    ]
    return "\n\n".join(section.strip() for section in sections if section) + "\n"


def _commands(presumed_safe: Mapping[str, Any]) -> str:
    """How to measure again; a file in chat spelling is made from the plain one with `vangnet-train chat-spelling`."""
    options = "".join(f" --presumed-safe {name}" for name in presumed_safe)
    return (
        "    vangnet-train chat-spelling < sentences.txt > sentences-chat-spelling.txt\n"
        f"    vangnet-eval run{options} $(vangnet-train corpus files test)\n"
    )


def _decision_table(figures: Mapping[str, Any]) -> str:
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


def _label_table(figures: Mapping[str, Any]) -> str:
    head = "| area or label | positives | recall | precision | F1 | AP |\n| --- | --- | --- | --- | --- | --- |\n"
    blocks = {**figures["areas"], **figures["labels"]}
    lines = []
    for name, block in blocks.items():
        shown = f"`{name}`" if name in BY_NAME else f"**{name}**"
        cells = " | ".join(with_interval(block[key]) for key in ("recall", "precision", "f1", "ap"))
        lines.append(f"| {shown} | {block['positives']} | {cells} |")
    return head + "\n".join(lines)


def _kind_table(figures: Mapping[str, Any]) -> str:
    head = "| kind (labelling guide) | messages | flagged | share (95 %) |\n| --- | --- | --- | --- |\n"
    lines = [
        f"| {kind} {'risky' if entry['risky'] else 'safe'} | {entry['messages']} | {entry['flagged']} | "
        f"{entry['rate']:.3f} ({entry['low']:.3f}-{entry['high']:.3f}) |"
        for kind, entry in figures["kinds"].items()
    ]
    return head + "\n".join(lines) if lines else ""


def _weakest(kinds: Mapping[str, Any]) -> str:
    """The ways of wording that are missed most and the safe kinds that are flagged most, of those with 20 messages or more."""
    enough = {kind: entry for kind, entry in kinds.items() if entry["messages"] >= FEWEST_OF_A_KIND}
    missed = sorted((entry["rate"], kind) for kind, entry in enough.items() if entry["risky"])[:3]
    flagged = sorted(((entry["rate"], kind) for kind, entry in enough.items() if not entry["risky"]), reverse=True)[:3]
    return "".join(
        f"- {title}: {', '.join(f'{kind} ({rate:.2f} flagged)' for rate, kind in worst)}.\n"
        for title, worst in (("Found least, by wording", missed), ("Wrongly flagged most, by kind", flagged))
        if worst
    )


def _alarm_table(presumed_safe: Mapping[str, Any]) -> str:
    if not presumed_safe:
        return ""
    head = "| presumed-safe real sentences | sentences | alarms | per 1,000 (95 %) |\n| --- | --- | --- | --- |\n"
    return head + "\n".join(
        f"| {name} | {entry['sentences']} | {entry['alarms']} "
        f"| {entry['per_1000']:.1f} ({entry['low']:.1f}-{entry['high']:.1f}) |"
        for name, entry in presumed_safe.items()
    )


def _thresholds(policy: Mapping[str, Any]) -> str:
    review, escalate = policy["evidence"]["review_at"], policy["evidence"]["escalate_at"]
    at = sorted({entry["review_at"] for entry in policy["labels"].values()})
    up = sorted({entry["escalate_at"] for entry in policy["labels"].values() if entry["escalate_at"]})
    real = "not measured" if review["real_alarms"] is None else f"{review['real_alarms']:.2%}"
    return (
        f"`review_at` {', '.join(map(str, at))}; `escalate_at` {', '.join(map(str, up))} (labels of high severity). On the "
        f"calibration voices: recall {review['recall']:.3f}, alarms on look-alikes {review['look_alike_alarms']:.2%}, on "
        f"written everyday messages {review['written_everyday_alarms']:.2%}, on real sentences {real}. "
        f"`escalate_at` aims at precision {escalate['precision_at_mix']} at the calibration's mix; "
        f"lower bound: {escalate['lower_bound']} ({escalate['false_alarms_seen']} false alarms seen)."
    )


def _training(training: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    counts = training["corpus"]
    splits = "; ".join(f"{split} {entry['messages']} ({entry['risky']} risky)" for split, entry in counts.items())
    trimming, real = training["base"]["trimming"], training["presumed_safe"]
    parts = [
        f"Base `{training['base']['name']}`"
        + (
            f", vocabulary {trimming['pieces_before']} to {trimming['pieces_after']} pieces; {trimming['lost_share']:.2%} of "
            "the tokens of unseen text lost their piece."
            if trimming
            else "."
        ),
        f"Written messages by split: {splits}.",
        f"Real presumed-safe sentences: {real['file']}, SHA-256 `{real['sha256'][:16]}`."
        if real
        else "No real sentences.",
        f"Recipe: {json.dumps(training['recipe'])}. Kept in fp32: {', '.join(training['kept_fp32']) or 'nothing'}.",
        f"Fine-tuning took {training['finetuning_minutes']:.0f} minutes on {training['processor']}; {manifest['created']}.",
    ]
    return "\n".join(f"- {part}" for part in parts)
