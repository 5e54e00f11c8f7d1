"""Recall against milliseconds: models of several depths, before and after rounding."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from classifier.classifier import INPUTS
from classifier.figures import CAVEAT, with_interval
from training.corpus_files import Corpus
from training.export import export_fp32, outlier_modules, quantize
from training.ranking import TITLES, ranking
from training.run import OUTLIER_ROWS
from training.scoring import onnx_logits
from training.trials import Bench, share_of

TOKENS = (16, 100)
RUNS = 200


def depths(bench: Bench, corpus: Corpus, layers: Sequence[int], share: float) -> list[dict[str, Any]]:
    """Train one model per depth on the same voices; measure each as fp32, int8 and int8 of reduced range.

    Args:
        bench: Base, recipe and the folder that keeps finished models.
        corpus: Its training and validation voices are used, no others.
        layers: Numbers of first layers kept.
        share: Part of the training voices, in (0, 1].

    Returns:
        Per depth and file: ``layers``, ``file``, ``megabytes``, the figures of `ranking` on the validation voices and
        ``median_ms`` by tokens, of the model alone on one thread.
    """
    examples = share_of(corpus, bench.recipe.seed, share)
    validation = corpus.split("validation")
    sample = [bench.encoder.encode(example.message)[0] for example in examples[:OUTLIER_ROWS]]
    found = []
    for count in layers:
        model = replace(bench, recipe=replace(bench.recipe, layers=count)).trained(examples)
        folder = bench.work / f"depth-{count}"
        folder.mkdir(exist_ok=True)
        files = {name: folder / f"{name.replace(' ', '-')}.onnx" for name in ("fp32", "int8", "int8 reduced range")}
        export_fp32(model, files["fp32"])
        kept = outlier_modules(model, sample)
        quantize(files["fp32"], files["int8"], kept)
        quantize(files["fp32"], files["int8 reduced range"], kept, reduced=True)
        for name, file in files.items():
            logits = onnx_logits(file, bench.encoder, [one.message for one in validation], f"{count} layers, {name}")
            facts = {"layers": count, "file": name, "megabytes": round(file.stat().st_size / 1e6, 1)}
            found.append(facts | ranking(validation, logits) | {"median_ms": milliseconds(file)})
    return found


def milliseconds(model: Path) -> dict[str, float]:
    """Median time of one run on one thread, by tokens; what the tokens are does not matter."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    medians = {}
    for tokens in TOKENS:
        feed = dict(zip(INPUTS, (np.full((1, tokens), 5), np.ones((1, tokens), np.float32)), strict=True))
        taken = []
        for _ in range(RUNS):
            started = time.perf_counter()
            session.run(None, feed)
            taken.append(1000 * (time.perf_counter() - started))
        medians[str(tokens)] = round(float(np.median(taken[RUNS // 10 :])), 2)
    return medians


def depth_text(found: Sequence[dict[str, Any]]) -> str:
    """Markdown table."""
    times = [f"{tokens} tokens, ms" for tokens in TOKENS]
    heads = [CAVEAT, "MB", *times, *TITLES.values()]
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for row in found:
        cells = [f"{row['layers']} layers, {row['file']}", row["megabytes"], *row["median_ms"].values()]
        cells += [with_interval(row[name]) for name in TITLES]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join([*lines, ""])
