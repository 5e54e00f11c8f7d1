"""The model card, rendered from a bundle and from the results that `vangnet-eval` wrote; it shows no training text."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from classifier.bundle import Bundle, read_bundle
from classifier.figures import CAVEAT, with_interval
from training.card_tables import (
    alarm_table,
    calibration_table,
    decision_table,
    hard_cases,
    history_table,
    kind_table,
    label_table,
    latency_table,
    slice_tables,
    weakest,
)
from training.corpus_files import FOLDER, read_splits
from training.errors import TrainingError
from training.inputs import digest

HISTORY = "history.json"
"""Beside the bundles: what earlier cards measured."""


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
    card, file = folder / "README.md", folder.parent / HISTORY
    try:
        history = _updated(file, bundle, measured["figures"])
        text = _render(bundle, measured, history)
    except KeyError as error:
        raise TrainingError(f"{results}: lacks {error}; measure again with this version of vangnet-eval") from None
    card.write_text(text, encoding="utf-8")
    file.write_text(json.dumps(history, indent=2) + "\n", encoding="utf-8")
    return card


def _updated(file: Path, bundle: Bundle, figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The history with this bundle's row, added or replaced, oldest first."""
    before = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    row = {
        "version": bundle.name,
        "created": bundle.manifest["created"],
        "messages": figures["messages"],
        "auroc": with_interval(figures["any_risk"]["auroc"]),
        "recall": with_interval(figures["any_risk"]["recall"]),
        "macro_f1": with_interval(figures["macro_f1"]),
    }
    history = [*(entry for entry in before if entry["version"] != bundle.name), row]
    return sorted(history, key=lambda entry: str(entry["created"]))


def _render(bundle: Bundle, measured: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> str:
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
        + _commands(measured["presumed_safe"], "disguised" in measured),
        decision_table(figures),
        label_table(figures),
        kind_table(figures),
        alarm_table(measured["presumed_safe"]),
        "### Slices\n\n" + slice_tables(figures),
        "### Pairs and disguise\n\n" + hard_cases(figures, measured.get("disguised")),
        "### Calibration\n\n" + calibration_table(measured["calibration"]) if measured["calibration"] else "",
        "## Latency\n\n"
        + latency_table(measured["latency"])
        + "\n\nProcessors, and neighbours on a shared one, differ: "
        "`vangnet-eval measure` measures on yours.",
        "## Thresholds\n\n" + _thresholds(policy),
        "## Training\n\n" + _training(training, manifest),
        "## The int8 file against fp32\n\n"
        f"On {parity['rows']} rows (parity.json): mean logit gap {parity['int8_mean_gap']:.3f} (logits spread "
        f"{parity['fp32_logit_spread']:.2f}), changed decisions "
        f"{parity['changed_decisions']:.2%}; torch to fp32 ONNX at most {parity['torch_to_fp32_largest_gap']:.1g}. The bundle "
        f"is {sum(map(len, bundle.files.values())) / 1e6:.1f} MB.",
        "## Known limits\n\n"
        + weakest(figures["kinds"])
        + "- Few voices judge it, written by the same kind of hand as the training voices; an unseen platform will differ.\n"
        "- Scores are calibrated for the mix named in calibration.json, not for your platform's.\n"
        "- At most five turns of context are read.\n"
        "- int8 arithmetic differs between kinds of processors; the self-test at start-up compares with recorded scores.",
        "## Versions\n\nEach measured on the test voices of its time, which differ.\n\n" + history_table(history),
        "## Licence\n\nMIT; see NOTICE for the encoder's.",
    ]
    return "\n\n".join(section.strip() for section in sections if section) + "\n"


def _commands(presumed_safe: Mapping[str, Any], disguised: bool) -> str:
    """How to measure again; a file in chat spelling is made from the plain one with `vangnet-train chat-spelling`."""
    options = "".join(f" --presumed-safe {name}" for name in presumed_safe)
    options += " --disguised disguised.jsonl" if disguised else ""
    return (
        "    vangnet-train chat-spelling < sentences.txt > sentences-chat-spelling.txt\n"
        + ("    vangnet-train disguise $(vangnet-train corpus files test) > disguised.jsonl\n" if disguised else "")
        + f"    vangnet-eval measure{options} $(vangnet-train corpus files test)\n"
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
        _conversations(training.get("conversations")),
        *_start(training.get("start")),
        f"Teacher: {training['teacher']['messages']} messages judged, SHA-256 `{training['teacher']['sha256'][:16]}`."
        if training.get("teacher")
        else "No teacher.",
        f"Real presumed-safe sentences: {real['file']}, SHA-256 `{real['sha256'][:16]}`."
        if real
        else "No real sentences.",
        f"Recipe: {json.dumps(training['recipe'])}. Kept in fp32: {', '.join(training['kept_fp32']) or 'nothing'}.",
        f"Fine-tuning took {training['finetuning_minutes']:.0f} minutes on {training['processor']}; {manifest['created']}.",
    ]
    return "\n".join(f"- {part}" for part in parts)


def _start(start: Mapping[str, Any] | None) -> list[str]:
    if start is None:
        return []
    return [
        f"Went on from the model of `{start['run']}` (SHA-256 `{start['sha256'][:16]}`), which had been fine-tuned for "
        f"{start['finetuning_minutes']:.0f} minutes."
    ]


def _conversations(taught: Mapping[str, int] | None) -> str:
    if not taught:
        return "No conversations."
    return (
        f"Conversations of training writers: {taught['conversations']} with {taught['messages']} messages "
        f"({taught['risky_messages']} risky)."
    )
