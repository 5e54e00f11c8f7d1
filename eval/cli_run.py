"""`vangnet-eval run`: a labelled set through a system, with a report."""

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from classifier import Classifier, latest_bundle
from eval.cli_shared import clear_errors
from eval.suite import Suite, adhoc_suite, read_suite
from eval.system import System

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--suite", help="A suite of the package, such as vangnetcheck, or a TOML file.")
@click.option("--data", type=_FILE, help="The suite's file; without --suite any file with a text and a label.")
@click.option("--text", help="Without --suite: column of the text.")
@click.option(
    "--label", help="Without --suite: column that is 1, true, yes or ja for risk, or a condition: 'score >= 2'."
)
@click.option("--context", help="Without --suite: column of the earlier messages.")
@click.option("--conversation", help="Without --suite: column of the conversation; intervals draw it as a whole.")
@click.option("--id", "id_", help="Without --suite: column of the id.")
@click.option("--bundle", type=click.Path(path_type=Path), help="System: a bundle; default the newest under models/.")
@click.option("--service", help="System: a running Vangnet, such as http://127.0.0.1:8080; key in VANGNET_API_KEY.")
@click.option(
    "--openai", help="System: a moderation endpoint in OpenAI's shape, such as .../v1; key in OPENAI_API_KEY."
)
@click.option("--keywords", type=_FILE, help="System: a list of words, one a line; * stands for any letters.")
@click.option("--pipeline", type=_FILE, help="System: a scikit-learn pipeline (joblib; loading it runs its code).")
@click.option("--scores", type=_FILE, help="System: a file of scores by id (JSON Lines or CSV).")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder of the results; run again to go on."
)
@click.option("--scored", type=_FILE, help="Also write the cases with scores and labels, as the console takes them.")
@click.option("--draws", default=1000, type=click.IntRange(100), help="Bootstrap resamples.")
def run(suite: str | None, data: Path | None, out: Path, scored: Path | None, draws: int, **options: Any) -> None:
    """Measure a system on a labelled set: results.json, report.html, report.md and rows.jsonl in the folder OUT."""
    # These import datasets and matplotlib, which takes seconds; --help should not.
    from eval.evaluation import evaluate, judge_all
    from eval.html_report import write_html
    from eval.markdown_report import write_markdown
    from eval.result_rows import write_rows
    from eval.scored_cases import write_scored_cases

    with clear_errors():
        wanted = _suite(suite, data, options)
        wanted.check()
        system = _system(options)
        out.mkdir(parents=True, exist_ok=True)
        known, judged = judge_all(wanted, system, out)
        if scored is not None:
            write_scored_cases(scored, known, judged, system)
        command = shlex.join(["vangnet-eval", *sys.argv[1:]])
        results = evaluate(wanted, system, known, judged, command, draws)
        (out / "results.json").write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        write_rows(out / "rows.jsonl", known, judged)
        write_markdown(out / "report.md", results)
        write_html(out / "report.html", results, known, judged, wanted)
    click.echo((out / "report.md").read_text(encoding="utf-8"))
    click.echo(f"{out / 'report.html'} has the pictures")


def _suite(name: str | None, data: Path | None, options: dict[str, Any]) -> Suite:
    columns = {"context": options["context"], "conversation": options["conversation"], "id": options["id_"]}
    given = {key: value for key, value in columns.items() if value}
    if name is not None:
        if options["text"] or options["label"] or given:
            raise click.UsageError("--text, --label, --context, --conversation and --id are for --data without --suite")
        return read_suite(name, data)
    if data is None or not options["text"] or not options["label"]:
        raise click.UsageError("give --suite, or --data with --text and --label")
    return adhoc_suite(data, options["text"], options["label"], **given)


def _system(options: dict[str, Any]) -> System:
    kinds = ("bundle", "service", "openai", "keywords", "pipeline", "scores")
    chosen: Sequence[str] = [kind for kind in kinds if options[kind]]
    if len(chosen) > 1:
        raise click.UsageError(f"one system at a time: {', '.join('--' + one for one in chosen)}")
    kind = chosen[0] if chosen else "bundle"
    # Imported when chosen: each has its own needs.
    if kind == "service":
        from eval.systems.service import ServiceSystem

        return ServiceSystem(options["service"])
    if kind == "openai":
        from eval.systems.openai_endpoint import OpenAiSystem

        return OpenAiSystem(options["openai"])
    if kind == "keywords":
        from eval.systems.keywords import KeywordSystem

        return KeywordSystem(options["keywords"])
    if kind == "pipeline":
        from eval.systems.pipeline import PipelineSystem

        return PipelineSystem(options["pipeline"])
    if kind == "scores":
        from eval.systems.score_file import ScoreFileSystem

        return ScoreFileSystem(options["scores"])
    from eval.systems.bundle import BundleSystem

    return BundleSystem(Classifier.load(options["bundle"] or latest_bundle("models")))
