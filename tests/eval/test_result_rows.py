"""What is written of every row comes back as it was, and holds no text."""

import json

import numpy as np
import pytest

from classifier import Message, Role, Turn
from eval.errors import EvaluationError
from eval.labelled import Gathering
from eval.result_rows import read_rows_file, write_rows
from eval.rows import Row
from eval.system import Judged
from eval.targets import TARGETS

ODD = ['a"b', "x\u2028y\x85", "regel\nnog een\r", "é\U0001f469", "\\", "NA"]


@pytest.fixture
def known():
    gathering = Gathering()
    for number, name in enumerate(ODD):
        turns = (Turn(Role.PEER, "vogel"),) if number % 2 else ()
        truth = {"any": bool(number % 2), "self_harm": None if number else True}
        place = (number, 2) if number else (None, None)
        row = Row(name, Message("kanarie piet", turns), truth, name, {"bron": name}, "P1", name, name, *place)
        gathering.add(row)
    return gathering.labelled()


@pytest.fixture
def judged():
    random = np.random.default_rng(0)
    scores = random.random((len(ODD), len(TARGETS))).round(6)
    scores[:, 3] = np.nan
    flagged = (scores > 0.5).astype(float)
    flagged[2] = np.nan
    return Judged(scores, flagged)


def test_all_comes_back(tmp_path, known, judged):
    write_rows(tmp_path / "rows.jsonl", known, judged)
    found, found_judged = read_rows_file(tmp_path / "rows.jsonl")
    assert found.ids == known.ids
    for name in ("truth", "turns", "onsets"):
        assert np.array_equal(getattr(found, name), getattr(known, name), equal_nan=True)
    for name in ("clusters", "kinds", "pairs", "conversations", "words", "context"):
        assert getattr(found, name).tolist() == getattr(known, name).tolist()
    assert {name: values.tolist() for name, values in found.slices.items()} == {"bron": ODD}
    assert found.known == known.known
    assert np.array_equal(found_judged.scores, judged.scores, equal_nan=True)
    assert np.array_equal(found_judged.flagged, judged.flagged, equal_nan=True)


def test_a_row_is_one_line_of_plain_json_without_its_text(tmp_path, known, judged):
    write_rows(tmp_path / "rows.jsonl", known, judged)
    content = (tmp_path / "rows.jsonl").read_text(encoding="utf-8")
    lines = content.removesuffix("\n").split("\n")
    assert len(lines) == len(ODD)
    assert "kanarie" not in content
    assert "vogel" not in content
    row = json.loads(lines[0], parse_constant=pytest.fail)
    assert (row["id"], row["turn"], row["onset"], row["words"], row["context"]) == (ODD[0], None, None, 2, False)
    assert (row["truth"]["any"], row["truth"]["self_harm"], row["truth"]["peer_influence"]) == (0, 1, None)


@pytest.mark.parametrize("content", ["", "\n", "{}\n", "5\n", "[]\n", "kanarie\n", '{"id": "a"}\n', "\ufeff{}\n"])
def test_a_file_of_another_kind_is_named(tmp_path, content):
    (tmp_path / "rows.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"rows\.jsonl") as raised:
        read_rows_file(tmp_path / "rows.jsonl")
    assert "kanarie" not in str(raised.value)


def test_missing_damaged_and_cut_files_are_named(tmp_path, known, judged):
    path = tmp_path / "rows.jsonl"
    with pytest.raises(EvaluationError, match=r"rows\.jsonl"):
        read_rows_file(path)
    write_rows(path, known, judged)
    whole = path.read_bytes()
    for content in (whole[:-20], b"\xff" + whole, whole.replace(b'"any": 1.0', b'"any": "x"', 1)):
        path.write_bytes(content)
        with pytest.raises(EvaluationError, match=r"rows\.jsonl"):
            read_rows_file(path)
