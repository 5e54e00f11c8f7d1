"""The command `vangnet-eval`."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from classifier import Classifier, VangnetError, latest_bundle
from eval.data import read_cases, read_sentences
from eval.errors import EvaluationError
from eval.measure import alarms_per_thousand, measure
from eval.predictions import predict_all, write_predictions
from eval.report import show, write_json


@click.group()
def main() -> None:
    """Measure Vangnet on labelled messages."""


@main.command()
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--bundle", type=click.Path(path_type=Path), help="Default: the highest version under models/.")
@click.option(
    "--presumed-safe", "sentences", multiple=True, type=click.Path(path_type=Path), help="Sentences, one a line."
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for results.json and predictions.jsonl.")
@click.option("--draws", default=1000, type=click.IntRange(100), help="Bootstrap resamples.")
def run(data: Sequence[Path], bundle: Path | None, sentences: Sequence[Path], out: Path | None, draws: int) -> None:
    """Score DATA (JSON Lines with text and labels) and print precision, recall, F1, AP and AUROC with intervals.

    Fields context, kind, voice and conversation are used where they are there: kind gives false alarms by kind, voice
    or conversation are what intervals draw together.
    """
    try:
        cases = read_cases(data)
        plain = {path.name: read_sentences(path) for path in sentences}
        classifier = Classifier.load(bundle or latest_bundle("models"))
    except (EvaluationError, VangnetError) as error:
        raise click.ClickException(str(error)) from None
    scores = predict_all(classifier, [case.message for case in cases])
    results = {
        "bundle": classifier.bundle.name,
        "versions": classifier.versions,
        "data": {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in data},
        "figures": measure(cases, scores, classifier.policy, draws),
        "presumed_safe": {
            name: alarms_per_thousand(predict_all(classifier, messages), classifier.policy)
            for name, messages in plain.items()
        },
    }
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_predictions(out / "predictions.jsonl", cases, scores)
        write_json(out / "results.json", results)
    show(results, Console())
