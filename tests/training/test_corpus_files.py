import json

import pytest

from training.corpus_files import read_corpus
from training.errors import TrainingError

GOOD = {
    "id": "anna-001", "text": "hoi", "context": [], "labels": [], "kind": "N9", "wording": [], "register": "informal",
    "voice": "anna", "pair": None,
}  # fmt: skip


def write(folder, rows, splits='[anna]\nsplit = "train"\nregion = "NL"\n'):
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / "anna.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "voices.toml").write_text(splits, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["{"], "anna.jsonl:1: is not JSON"),
        ([GOOD, {**GOOD, "id": "b", "labels": ["self_harm/x"]}], r"anna.jsonl:2: labels: unknown \['self_harm/x'\]"),
        ([{**GOOD, "extra": 1}], "anna.jsonl:1: must be an object with exactly"),
        ([{**GOOD, "kind": "P1"}], "anna.jsonl:1: kind must be"),
        ([{**GOOD, "labels": ["self_harm/intent"]}], "anna.jsonl:1: kind must be"),
        ([{**GOOD, "wording": ["P13"]}], "anna.jsonl:1: wording"),
        ([{**GOOD, "labels": None}], "anna.jsonl:1: labels must be a list"),
        ([{**GOOD, "voice": "bob"}], "anna.jsonl:1: voice"),
        ([{**GOOD, "text": ""}], "anna.jsonl:1: text"),
        ([{**GOOD, "context": [{"role": "x", "text": "a"}]}], r"anna.jsonl:1: context\[0\].role"),
        ([GOOD, {**GOOD, "text": "dag"}], "id anna-001: used 2 times"),
        ([{**GOOD, "pair": "anna-002"}], "its pair anna-002 does not point back"),
        ([GOOD, {**GOOD, "id": "b", "labels": ["self_harm/intent"], "kind": "P1"}], "other labels"),
    ],
)
def test_errors_name_file_and_line(tmp_path, rows, message):
    with pytest.raises(TrainingError, match=message):
        read_corpus(write(tmp_path, rows))


def test_all_errors_are_told_at_once(tmp_path):
    with pytest.raises(TrainingError) as caught:
        read_corpus(write(tmp_path, ["{", {**GOOD, "kind": "P1"}]))
    assert ":1:" in str(caught.value)
    assert ":2:" in str(caught.value)


def test_voices_and_files_must_agree(tmp_path):
    write(tmp_path, [GOOD], '[anna]\nsplit = "train"\nregion = "NL"\n[bob]\nsplit = "test"\nregion = "NL"\n')
    with pytest.raises(TrainingError, match=r"bob\.jsonl.*not there"):
        read_corpus(tmp_path)
    write(tmp_path, [GOOD], "")
    with pytest.raises(TrainingError, match=r"not named in voices\.toml"):
        read_corpus(tmp_path)
    write(tmp_path, [GOOD], '[anna]\nsplit = "train"\n')
    with pytest.raises(TrainingError, match=r"voices\.toml: \[anna\] lacks region"):
        read_corpus(tmp_path)
    write(tmp_path, [GOOD], '[anna]\nsplit = "dev"\n')
    with pytest.raises(TrainingError, match="unknown split"):
        read_corpus(tmp_path)
