"""vangnet-eval on the shipped bundle and a small labelled file."""

import json

import pytest
from click.testing import CliRunner

from eval.cli import main

ROWS = [
    {"id": "a", "text": "ik wil niet meer leven", "labels": ["self_harm/ideation"], "kind": "P1", "voice": "x"},
    {"id": "b", "text": "doe het dan", "context": [{"role": "peer", "text": "ik wil dood"}], "kind": "P9", "voice": "x",
     "labels": ["peer_influence/incitement"]},
    {"id": "c", "text": "wie gaat er mee voetballen?", "labels": [], "kind": "N9", "voice": "y"},
    {"id": "d", "text": "ik ga dood van de honger", "labels": [], "kind": "N1", "voice": "y"},
]  # fmt: skip


def invoke(*arguments):
    return CliRunner().invoke(main, ["measure", *map(str, arguments)])


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "mijn.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    return path


def test_run_writes_figures_and_predictions_without_text(data, bundle_folder, tmp_path):
    sentences = tmp_path / "echt.txt"
    sentences.write_text("de bus komt zo\nhet brood is op\n", encoding="utf-8")
    out = tmp_path / "uit"
    copies = tmp_path / "vermomd.jsonl"
    copies.write_text(json.dumps({**ROWS[0], "text": "ik wil niet meer l*ven"}), encoding="utf-8")
    extra = ("--presumed-safe", sentences, "--disguised", copies)
    done = invoke(data, "--bundle", bundle_folder, "--out", out, "--draws", 100, *extra)
    assert done.exit_code == 0, done.output
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert results["figures"]["any_risk"]["positives"] == 2
    assert results["figures"]["labels"]["self_harm/ideation"]["positives"] == 1
    assert results["presumed_safe"]["echt.txt"]["sentences"] == 2
    assert results["disguised"]["messages"] == 1
    assert results["figures"]["slices"]["context"]["with context"]["risky"] == 1
    assert results["calibration"]["share_of_risk_in_data"] == round(2 / 6, 4)
    assert results["latency"]["tokens"].keys() == {"16", "64", "128"}
    assert "on written examples" in done.output
    predictions = [json.loads(line) for line in (out / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in predictions] == ["a", "b", "c", "d"]
    assert "voetballen" not in (out / "predictions.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no message"),
        ("{", "mijn.jsonl:1: is not JSON"),
        ('{"text": "hoi"}', "mijn.jsonl:1: must be an object with text and labels"),
        ('{"text": "hoi", "labels": ["x"]}', "mijn.jsonl:1: labels: unknown"),
        ('{"text": "", "labels": []}', "mijn.jsonl:1: text"),
    ],
)
def test_bad_data_is_named(data, content, message):
    data.write_text(content, encoding="utf-8")
    done = invoke(data)
    assert done.exit_code == 1
    assert message in done.output.replace("\n", "")


def test_missing_files_and_bundles_are_named(data, tmp_path):
    assert "nergens" in invoke(tmp_path / "nergens.jsonl").output
    assert "no such folder" in invoke(data, "--bundle", tmp_path / "nergens").output
