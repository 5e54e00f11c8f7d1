"""Scores from files, good and bad."""

import hashlib
import json

import numpy as np
import pytest

from classifier import Message
from eval.errors import EvaluationError
from eval.scores import Scores
from eval.systems.score_file import ScoreFileSystem
from eval.targets import TARGETS

MESSAGE = Message("tekst")


def made(tmp_path, content, name="scores.jsonl"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return ScoreFileSystem(path)


def row(system, name):
    judged = system.judge([MESSAGE], [name])
    return [
        {target: one for target, one in zip(TARGETS, rows[0].tolist(), strict=True) if one == one}
        for rows in (judged.scores, judged.flagged)
    ]


def test_json_lines_hold_what_the_system_says_and_the_rest_is_unknown(tmp_path):
    lines = [
        {"id": 7, "any": 0.5, "any_flagged": True, "text": "hoi"},
        {"id": "b\u2028", "any": 0, "self_harm/intent": 1.5, "self_harm/intent_flagged": 0, "self_harm": None},
        {"id": "c"},
    ]
    system = made(tmp_path, "\ufeff" + "\r\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n\n")
    assert row(system, "7") == [{"any": 0.5}, {"any": 1}]
    assert row(system, "b\u2028") == [{"any": 0, "self_harm/intent": 1.5}, {"self_harm/intent": 0}]
    assert row(system, "c") == [{}, {}]


def test_csv_says_the_same(tmp_path):
    content = 'id,any,any_flagged,self_harm/intent,noot\r\n007,0.5,ja,,"a\r\nb"\r\nNA,1e-3,FALSE,-2,\r\nkort\r\n'
    system = made(tmp_path, content, "scores.CSV")
    assert row(system, "007") == [{"any": 0.5}, {"any": 1}]
    assert row(system, "NA") == [{"any": 0.001, "self_harm/intent": -2}, {"any": 0}]
    assert row(system, "kort") == [{}, {}]


def test_rows_come_in_the_order_that_is_asked_and_a_missing_id_is_named(tmp_path):
    system = made(tmp_path, "id,any\na,0.1\nb,0.2\n", "scores.csv")
    assert system.judge([MESSAGE] * 3, ["b", "a", "b"]).scores[:, 0].tolist() == [0.2, 0.1, 0.2]
    with pytest.raises(EvaluationError, match="id zoek"):
        system.judge([MESSAGE] * 2, ["a", "zoek"])
    assert np.isnan(system.judge([MESSAGE], ["a"]).flagged).all()


def test_facts_are_the_hash_of_the_file(tmp_path):
    content = b"id,any\na,0.1\n"
    assert made(tmp_path, content, "scores.csv").facts == {"sha256": hashlib.sha256(content).hexdigest()}


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("kanarie", "row 2: needs an id"),
        ("[1]", "row 2: needs an id"),
        ("null", "row 2: needs an id"),
        ('{"any": 0.1}', "row 2: needs an id"),
        ('{"id": "", "any": 0.1}', "row 2: needs an id"),
        ('{"id": "a", "any": 0.1}', "row 2: id a stands twice"),
        ('{"id": "b", "any": "kanarie"}', "row 2: any: must be a number"),
        ('{"id": "b", "any": NaN}', "row 2: any: must be a number"),
        ('{"id": "b", "any": 1e999}', "row 2: any: must be a number"),
        ('{"id": "b", "any": true}', "row 2: any: must be a number"),
        ('{"id": "b", "self_harm": [1]}', "row 2: self_harm: must be a number"),
        ('{"id": "b", "any_flagged": "kanarie"}', "row 2: any_flagged: must be 1 or 0"),
        ('{"id": "b", "any_flagged": 2}', "row 2: any_flagged: must be 1 or 0"),
    ],
)
def test_a_wrong_row_is_named_and_not_shown(tmp_path, line, match):
    with pytest.raises(EvaluationError, match=match) as raised:
        made(tmp_path, '{"id": "a", "any": 0.1}\n' + line)
    assert "kanarie" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.jsonl", b"", "holds no score"),
        ("a.jsonl", b'{"id": "a", "score": 0.5}', "holds no score"),
        ("a.csv", b"id,Any\na,0.1\n", "holds no score"),
        ("a.csv", b"any\n0.1\n", "row 1: needs an id"),
        ("a.csv", b"id,any\na," + b"1" * 200_000, "row 1: needs an id"),
        ("a.csv", b"\xff\xfe", "UTF-8"),
    ],
)
def test_unusable_files_are_named(tmp_path, name, content, match):
    with pytest.raises(EvaluationError, match=match):
        made(tmp_path, content, name)
    with pytest.raises(EvaluationError, match="nergens"):
        ScoreFileSystem(tmp_path / "nergens")


def test_equal_texts_keep_the_scores_of_their_own_ids(tmp_path):
    system = made(tmp_path, "id,any\na,0.1\nb,0.9\n", "scores.csv")
    scores = Scores(system, tmp_path / "cache.jsonl")
    assert scores.judge([MESSAGE, MESSAGE], ["a", "b"]).scores[:, 0].tolist() == [0.1, 0.9]


def test_an_equal_text_does_not_hide_an_id_without_scores(tmp_path):
    scores = Scores(made(tmp_path, "id,any\na,0.1\n", "scores.csv"), tmp_path / "cache.jsonl")
    scores.judge([MESSAGE], ["a"])
    with pytest.raises(EvaluationError, match="zoek"):
        scores.judge([MESSAGE], ["zoek"])
