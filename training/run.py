"""A training run from corpus to bundle; reads top to bottom."""

import json
import os
import platform
import random
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import set_seed

from classifier import normalise
from classifier.bundle import RUNTIME_FILES, Bundle, write_manifest
from classifier.calibration import Calibration
from classifier.classifier import Classifier
from classifier.encoding import MessageEncoder
from classifier.labels import LABEL_NAMES
from classifier.message import Message
from training import export
from training.base.load import CACHE, load_base
from training.base.packaged import NAME as DEFAULT_BASE
from training.calibrate import CalibrationRows, as_policy, choose_thresholds, fit_calibration
from training.conversations import FOLDER as CONVERSATIONS
from training.conversations import Conversation, as_examples, read_conversations
from training.conversations import summary as conversation_summary
from training.corpus_files import FOLDER, Corpus, Example, read_corpus, summary
from training.curves import draw_curves
from training.errors import TrainingError
from training.export import torch_logits
from training.finetune import Recipe
from training.fit import fit, message_encoder
from training.held_out import refuse_overlap
from training.inputs import require_same_inputs
from training.model import RiskModel
from training.noise import chat_spelling
from training.parity import parity_report, require_parity
from training.presumed_safe import PresumedSafe, read_presumed_safe
from training.rows import truth
from training.scoring import onnx_logits
from training.space import require_space
from training.stage import Stage
from training.start import read_start
from training.teacher import read_teacher

PARITY_ROWS = 400
OUTLIER_ROWS = 100
SELF_TEST_TOLERANCE = 0.05
"""Largest score difference at start-up: int8 arithmetic differs a little between kinds of processors."""
SELF_TEST = (
    {"text": "Wie gaat er mee voetballen straks?"},
    {"text": "ik wil niet meer leven"},
    {"text": "doe het dan", "context": [{"role": "peer", "text": "ik wil dood"}]},
    {"text": "Ik ga dood van de honger, wanneer eten we?"},
)


@dataclass(frozen=True)
class RunSettings:
    """What a run is asked to do.

    Attributes:
        out: Folder of the bundle, named ``<name>-<major>.<minor>.<patch>``; must not hold a bundle yet.
        work: Folder for checkpoints, the fp32 model and the log; a run with the same settings resumes here.
        base: ``packaged:multilingual-e5-small``, a hub id or a folder.
        corpus: Folder of the written corpus.
        conversations: Folder of written conversations; those of training writers are trained on.
        presumed_safe: File of real sentences, or None.
        teacher: File of a larger model's logits, or None.
        start: Folder of a finished run of the same base, whose model is trained on; or None to start from the base.
        cache: Folder for downloaded package data.
        recipe: Settings of fine-tuning.
    """

    out: Path
    work: Path
    base: str = DEFAULT_BASE
    corpus: Path = FOLDER
    conversations: Path = CONVERSATIONS
    presumed_safe: Path | None = None
    teacher: Path | None = None
    start: Path | None = None
    cache: Path = CACHE
    recipe: Recipe = field(default_factory=Recipe)


def run(settings: RunSettings) -> Path:
    """Train and write a bundle; the manifest comes last.

    Raises:
        TrainingError: The corpus or another input is wrong, or the int8 model is not what was trained.
    """
    name, version = _name_and_version(settings.out)
    corpus = read_corpus(settings.corpus)
    training, taught = training_examples(corpus, settings.conversations)
    refuse_overlap([*corpus.examples, *as_examples(taught)])
    real = read_presumed_safe(settings.presumed_safe) if settings.presumed_safe else None
    teacher = read_teacher(settings.teacher, training) if settings.teacher else None
    start = read_start(settings.start) if settings.start else None
    set_seed(settings.recipe.seed)

    seen = _texts(training, real.training if real else ())
    unseen = _texts(corpus.split("calibration"), real.thresholds if real else ())
    base = load_base(settings.base, seen, unseen, settings.cache)
    settings.work.mkdir(parents=True, exist_ok=True)
    require_space(settings.work, base.model)
    base.save(settings.work / "base")
    tokenizer_file = settings.work / "base" / "tokenizer.json"
    files = [tokenizer_file]
    for folder in (settings.corpus, settings.conversations):
        files += [*folder.glob("*.jsonl"), folder / "voices.toml"]
    files += [file for file in (settings.presumed_safe, settings.teacher, start and start.file) if file]
    require_same_inputs(settings.work, settings.base, settings.recipe, files)
    encoder = message_encoder(base, tokenizer_file)
    validation = corpus.split("validation")
    if not validation:
        raise TrainingError("there are no validation voices")
    checkpoints = settings.work / "checkpoints"
    # A step whose files are there, made from the same, is not done again.
    model_file, log_file = settings.work / "model.pt", settings.work / "log.json"
    trained = trained_stage(settings.work)
    if trained.facts is None:
        earlier = start.model if start else None
        model, log = fit(base, encoder, training, validation, real, settings.recipe, checkpoints, teacher, earlier)
        torch.save(model, model_file)
        _write_json(log_file, log)
        draw_curves(log, settings.work / "curves.png")
        trained.finish(voices=sorted({example.voice for example in training}))
    model = torch.load(model_file, weights_only=False)  # our own file
    log = json.loads(log_file.read_text(encoding="utf-8"))

    fp32, int8 = settings.work / "model.fp32.onnx", settings.work / "model.int8.onnx"
    exported = Stage(settings.work, "export", [model_file, Path(export.__file__)], [fp32, int8])
    if exported.facts is None:
        export.export_fp32(model, fp32)
        sample = [encoder.encode(example.message)[0] for example in corpus.split("train")[:OUTLIER_ROWS]]
        kept = export.outlier_modules(model, sample)
        export.quantize(fp32, int8, kept)
        exported.finish(kept_fp32=kept)
    kept_fp32 = exported.facts["kept_fp32"]

    rows, messages = _calibration_rows(corpus, real, int8, encoder, settings.recipe.seed)
    calibration = fit_calibration(rows)
    thresholds, evidence = choose_thresholds(calibration.scores(rows.logits), rows)
    steps = [
        _logits_at([thresholds[label][step] or 1.0 for label in LABEL_NAMES], calibration)
        for step in ("review_at", "escalate_at")
    ]
    parity = _parity(model, fp32, encoder, rows.logits, messages, steps)
    require_parity(parity)

    bundle = settings.out
    bundle.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(int8, bundle / "model.onnx")
    shutil.copyfile(settings.work / "base" / "tokenizer.json", bundle / "tokenizer.json")
    _write_json(bundle / "calibration.json", calibration.as_dict())
    _write_json(bundle / "policy.json", as_policy(thresholds, evidence, f"{name}-{version}"))
    _write_json(bundle / "parity.json", parity)
    (bundle / "NOTICE").write_text(base.notice or f"The encoder started from {base.name}; see its licence.\n", "utf-8")
    facts = {
        "base": {"name": base.name, "trimming": asdict(base.trimming) if base.trimming else None},
        "recipe": asdict(settings.recipe),
        "corpus": {split: summary(corpus.split(split)) for split in ("train", "validation", "calibration", "test")},
        "conversations": conversation_summary(taught),
        "presumed_safe": _presumed_safe_facts(real),
        "teacher": {"sha256": teacher.sha256, "messages": len(teacher.rows)} if teacher else None,
        "start": start.as_dict() if start else None,
        "kept_fp32": kept_fp32,
        "validation": _last_validation(log),
        "processor": _processor(),
        "finetuning_minutes": log[-1]["minutes"],
    }
    manifest = {
        "name": name,
        "version": version,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "labels": list(LABEL_NAMES),
        "normaliser": normalise.VERSION,
        "encoding": encoder.settings.as_dict(),
        "training": facts,
    }
    contents = {file: (bundle / file).read_bytes() for file in RUNTIME_FILES}
    manifest["self_test"] = _self_test(Classifier(Bundle(bundle, manifest, contents)))
    write_manifest(bundle, manifest, (*RUNTIME_FILES, "parity.json", "NOTICE"))
    Classifier.load(bundle).self_test()
    return bundle


def trained_stage(work: Path) -> Stage:
    """Training in a run's folder; its facts name the ``voices`` and conversation writers that were trained on."""
    return Stage(work, "train", [work / "inputs.json"], [work / "model.pt", work / "log.json"])


def training_examples(corpus: Corpus, conversations: Path) -> tuple[list[Example], list[Conversation]]:
    """The messages that a run trains on, those of the training writers' conversations last; and these conversations."""
    found, writers = read_conversations(conversations)
    taught = [one for one in found if writers[one.writer] == "train"]
    return [*corpus.split("train"), *as_examples(taught)], taught


def _calibration_rows(
    corpus: Corpus, real: PresumedSafe | None, int8: Path, encoder: MessageEncoder, seed: int
) -> tuple[CalibrationRows, list[Message]]:
    examples = corpus.split("calibration")
    sentences = list(real.thresholds) if real else []
    rng = random.Random(seed)
    # Half as it is, half in chat spelling: thresholds must hold for both.
    rough = [chat_spelling(text, rng) if index % 2 else text for index, text in enumerate(sentences)]
    messages = [example.message for example in examples] + [Message(text) for text in rough]
    labels = np.vstack([truth(examples), np.zeros((len(sentences), len(LABEL_NAMES)))])
    is_real = np.r_[np.zeros(len(examples), bool), np.ones(len(sentences), bool)]
    look_alike = np.r_[[example.look_alike for example in examples], np.zeros(len(sentences), bool)].astype(bool)
    logits = onnx_logits(int8, encoder, messages, "calibration")
    return CalibrationRows(logits, labels, look_alike, is_real), messages


def _parity(
    model: RiskModel,
    fp32: Path,
    encoder: MessageEncoder,
    int8_logits: np.ndarray,
    messages: Sequence[Message],
    steps: Sequence[Sequence[float]],
) -> dict[str, Any]:
    # The first rows are the written calibration messages; one in a few keeps it quick.
    chosen = list(range(0, len(messages), max(1, len(messages) // PARITY_ROWS)))
    part = [messages[index] for index in chosen]
    plain = [
        np.max([torch_logits(model, window.ids, window.message_mask) for window in encoder.encode(message)], axis=0)
        for message in part
    ]
    return parity_report(np.array(plain), onnx_logits(fp32, encoder, part, "parity"), int8_logits[chosen], steps)


def _logits_at(scores: Sequence[float], calibration: Calibration) -> list[float]:
    limited = np.clip(scores, 1e-9, 1 - 1e-9)
    return list((np.log(limited / (1 - limited)) - calibration.offset) / calibration.slope)


def _self_test(classifier: Classifier) -> dict[str, Any]:
    """Score the reference messages with the finished files."""
    cases = []
    for message in SELF_TEST:
        prediction = classifier.predict(Message.from_mapping(message))
        decision = classifier.policy.decide(prediction.scores)
        scores = {name: round(score, 6) for name, score in prediction.scores.items()}
        cases.append({"message": message, "scores": scores, "decision": str(decision.action)})
    return {"tolerance": SELF_TEST_TOLERANCE, "cases": cases}


def _name_and_version(out: Path) -> tuple[str, str]:
    name, dash, version = out.name.rpartition("-")
    if not dash or not name or len(version.split(".")) != 3 or not version.replace(".", "").isdigit():
        raise TrainingError(f"--out {out}: must be named <name>-<major>.<minor>.<patch>, such as models/vangnet-1.0.0")
    if out.exists() and any(out.iterdir()):
        raise TrainingError(f"--out {out}: is not empty; choose the next version")
    return name, version


def _texts(examples: Sequence[Example], sentences: Sequence[str]) -> list[str]:
    texts = [example.message.text for example in examples]
    texts += [turn.text for example in examples for turn in example.message.context]
    return [*texts, *sentences]


def _presumed_safe_facts(real: PresumedSafe | None) -> dict[str, Any] | None:
    if real is None:
        return None
    counts = {"training": len(real.training), "thresholds": len(real.thresholds)}
    return {"file": real.file, "sha256": real.sha256, **counts}


def _last_validation(log: Sequence[dict[str, Any]]) -> dict[str, float]:
    measured = [entry for entry in log if "eval_map" in entry]
    return {"map": measured[-1]["eval_map"], "any_auroc": measured[-1]["eval_any_auroc"]} if measured else {}


def _processor() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, {torch.backends.cpu.get_cpu_capability()}"


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
