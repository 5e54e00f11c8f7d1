"""The command `vangnet-eval`."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console

from classifier import Classifier, latest_bundle
from eval.cli_annotation import agreement, annotate
from eval.cli_compare import compare
from eval.cli_plan import plan
from eval.cli_run import run
from eval.cli_shared import clear_errors
from eval.data import Case, read_cases, read_sentences
from eval.latency import latency
from eval.measure import alarms_per_thousand, disguised
from eval.measure import measure as measured
from eval.predictions import predict_all, write_predictions
from eval.reliability import Judged, mix_figures
from eval.report import show, write_json


@click.group()
def main() -> None:
    """Measure Vangnet, and other systems, on labelled messages."""


main.add_command(run)
main.add_command(compare)
main.add_command(plan)
main.add_command(agreement)
main.add_command(annotate)


@main.command()
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--bundle", type=click.Path(path_type=Path), help="Default: the highest version under models/.")
@click.option(
    "--presumed-safe", "sentences", multiple=True, type=click.Path(path_type=Path), help="Sentences, one a line."
)
@click.option(
    "--disguised",
    "copies",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Disguised copies of risky messages (vangnet-train disguise).",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for results.json and predictions.jsonl.")
@click.option("--draws", default=1000, type=click.IntRange(100), help="Bootstrap resamples.")
def measure(
    data: Sequence[Path],
    bundle: Path | None,
    sentences: Sequence[Path],
    copies: Sequence[Path],
    out: Path | None,
    draws: int,
) -> None:
    """Score DATA, files in the form of the corpus, and print precision, recall, F1, AP and AUROC with intervals.

    Fields context, kind, register, pair, voice and conversation are used where they are there: kind and register slice the
    figures, pair gives those on contrast pairs, voice or conversation are what intervals draw together.
    """
    with clear_errors():
        cases = read_cases(data)
        plain = {path.name: read_sentences(path) for path in sentences}
        hidden = read_cases(copies) if copies else []
        classifier = Classifier.load(bundle or latest_bundle("models"))
        scores = predict_all(classifier, [case.message for case in cases])
        real = {name: predict_all(classifier, messages) for name, messages in plain.items()}
        results = {
            "bundle": classifier.bundle.name,
            "versions": classifier.versions,
            "data": {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in data},
            "figures": measured(cases, scores, classifier.policy, draws),
            "presumed_safe": {name: alarms_per_thousand(found, classifier.policy) for name, found in real.items()},
            "calibration": _calibration(cases, scores, list(real.values()), classifier.calibration.mix),
            "latency": latency(classifier, [case.message.text for case in cases]),
        }
        if hidden:
            found = predict_all(classifier, [case.message for case in hidden])
            results["disguised"] = disguised(cases, scores, hidden, found, classifier.policy, draws)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            write_predictions(out / "predictions.jsonl", cases, scores)
            write_json(out / "results.json", results)
    show(results, Console())


def _calibration(
    cases: Sequence[Case], scores: np.ndarray, real: Sequence[np.ndarray], mix: Mapping[str, float]
) -> dict[str, Any]:
    """Reliability of the highest label score."""
    highest = np.concatenate([one.max(axis=1) for one in (scores, *real)])
    sentences = np.arange(len(highest)) >= len(cases)
    no = [False] * int(sentences.sum())
    risky = np.array([bool(case.labels) for case in cases] + no)
    look_alike = np.array([case.look_alike for case in cases] + no)
    return mix_figures(Judged(highest, risky, look_alike, sentences), mix)
