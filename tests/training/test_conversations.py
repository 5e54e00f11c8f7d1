import json

import pytest

from training.conversations import as_examples, read_conversations, summary
from training.errors import TrainingError

INTENT = ["self_harm/intent"]


def lines(count=8, risk_from=None, **changes):
    rows = []
    for turn in range(1, count + 1):
        labels = INTENT if turn == risk_from else []
        rows.append(
            {
                "id": f"anna-01-{turn:02}", "conversation": "anna-01", "turn": turn, "author": "ab"[turn % 2],
                "text": f"regel {turn}", "labels": labels, "kind": "P1" if labels else "N9", "risk_from": risk_from,
            }
        )  # fmt: skip
    rows[2] |= changes
    return rows


def write(folder, rows):
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    (folder / "anna.jsonl").write_text(text, encoding="utf-8")
    (folder / "voices.toml").write_text('[anna]\nsplit = "train"\n', encoding="utf-8")
    return folder


def test_each_message_stands_after_up_to_five_others(tmp_path):
    [conversation], splits = read_conversations(write(tmp_path, lines(risk_from=7)))
    assert splits == {"anna": "train"}
    assert conversation.risk_from == 7
    assert conversation.authors == 2
    assert conversation.lines[0].message.context == ()
    last = conversation.lines[7].message
    assert [turn.text for turn in last.context] == [f"regel {turn}" for turn in range(3, 8)]
    assert [turn.role for turn in last.context] == ["peer", "self", "peer", "self", "peer"]
    counted = {"conversations": 1, "risky": 1, "group": 0, "messages": 8, "risky_messages": 1}
    assert summary([conversation]) == counted


def test_every_message_becomes_an_example_with_its_context(tmp_path):
    conversations, _ = read_conversations(write(tmp_path, lines(risk_from=7)))
    examples = as_examples(conversations)
    assert [example.id for example in examples] == [f"anna-01-{turn:02}" for turn in range(1, 9)]
    assert [example.risky for example in examples] == [False] * 6 + [True, False]
    assert len(examples[6].message.context) == 5
    assert [example.wording for example in examples[5:7]] == [(), ("P1",)]
    assert {example.voice for example in examples} == {"anna"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (lines(7), "has 7 messages, must have 8 to 25"),
        (lines(26), "has 26 messages"),
        (lines(turn=9), "turns must count from 1"),
        (lines(risk_from=5), None),
        (lines(labels=INTENT, kind="P1"), "risk_from must be 3"),
        (lines(kind="P1"), "anna.jsonl:3: kind must be"),
        (lines(labels=["x"]), "anna.jsonl:3: labels: unknown"),
        (lines(text=""), "conversation anna-01: text"),
        (lines(labels=None), "anna.jsonl:3: labels must be a list"),
        (lines(kind=["N9"]), "anna.jsonl:3: kind must be"),
        (lines(author=1), "anna.jsonl:3: id, conversation and author must be strings"),
        (["{"], "anna.jsonl:1: is not JSON"),
        (lines(extra=1), "anna.jsonl:3: must be an object"),
    ],
)
def test_errors_name_the_place(tmp_path, rows, message):
    write(tmp_path, rows)
    if message is None:
        assert read_conversations(tmp_path)[0]
        return
    with pytest.raises(TrainingError, match=message):
        read_conversations(tmp_path)


def test_files_and_conversations_stand_once(tmp_path):
    write(tmp_path, lines())
    (tmp_path / "bob.jsonl").write_text((tmp_path / "anna.jsonl").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(TrainingError, match=r"bob\.jsonl: is not named"):
        read_conversations(tmp_path)
    (tmp_path / "voices.toml").write_text('[anna]\nsplit = "train"\n[bob]\nsplit = "test"\n', encoding="utf-8")
    with pytest.raises(TrainingError, match="anna-01: stands in two files"):
        read_conversations(tmp_path)
