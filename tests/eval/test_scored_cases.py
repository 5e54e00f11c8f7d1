"""Scored cases, as the console takes them."""

import json

import pytest
from click.testing import CliRunner

from classifier.labels import LABEL_NAMES
from classifier.message import Message
from eval.cli import main
from serving.console.reference_files import read_scored_cases

ROWS = [
    {"id": "a", "text": "ik wil niet meer leven", "labels": ["self_harm/ideation"], "kind": "P1"},
    {"id": "é", "text": "doe het dan", "labels": ["peer_influence/incitement"],
     "context": [{"role": "peer", "text": "ik wil dood"}]},
    {"id": "c", "text": "wie gaat er mee voetballen?", "labels": [], "kind": "N9"},
]  # fmt: skip
TARGETS = "\n".join(f'"{name}" = "labels has {name}"' for name in LABEL_NAMES)
COLUMNS = '[columns]\ntext = "text"\nid = "id"\nkind = "kind"\ncontext = "context"\n'


@pytest.fixture
def suite(tmp_path):
    (tmp_path / "mijn.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    path = tmp_path / "mijn.toml"
    path.write_text(f'name = "mijn"\nversion = "1"\nfile = "mijn.jsonl"\n{COLUMNS}[targets]\n{TARGETS}\n')
    return path


def invoke(*arguments):
    return CliRunner().invoke(main, ["run", *map(str, arguments)])


def test_what_run_writes_is_what_the_console_reads(suite, classifier, bundle_folder, tmp_path):
    scored = tmp_path / "cases.jsonl"
    done = invoke(
        "--suite", suite, "--bundle", bundle_folder, "--out", tmp_path / "uit", "--draws", 100, "--scored", scored
    )
    assert done.exit_code == 0, done.output
    content = scored.read_bytes()
    assert b"voetballen" not in content
    model, rows = read_scored_cases(content)
    assert model == classifier.bundle.name
    assert [(row["id"], row["kind"], row["labels"]) for row in rows] == [
        (row["id"], row.get("kind"), row["labels"]) for row in ROWS
    ]
    for row, source in zip(rows, ROWS, strict=True):
        assert row["scores"] == pytest.approx(classifier.predict(Message.from_mapping(source)).scores, abs=6e-5)


def test_data_without_every_label_and_systems_without_labels_are_refused(suite, bundle_folder, tmp_path):
    scored = tmp_path / "cases.jsonl"
    wanted = ("--out", tmp_path / "uit", "--draws", 100, "--scored", scored)
    words = tmp_path / "woorden.txt"
    words.write_text("dood\n", encoding="utf-8")
    assert "need a Vangnet model" in invoke("--suite", suite, "--keywords", words, *wanted).output
    some = ("--data", tmp_path / "mijn.jsonl", "--text", "text", "--label", "labels has any")
    assert "of every label" in invoke(*some, "--bundle", bundle_folder, *wanted).output
    assert not scored.exists()
