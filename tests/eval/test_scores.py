"""Scores are asked for once, kept without texts, and come back the same."""

import math

import numpy as np
import pytest

from classifier import Message, Role, Turn
from eval.errors import EvaluationError
from eval.scores import Scores
from eval.system import Judged
from eval.targets import TARGETS


class Counting:
    """Scores by the length of the text, and knows what it was asked.

    Args:
        fails_at: Which message, in the order of asking, it fails at.
    """

    def __init__(self, fails_at=None, at_once=2, name="telraam", **facts):
        self.name, self.facts, self.at_once, self._fails_at = name, facts, at_once, fails_at
        self.by_id = False
        self.asked, self.sizes = [], []

    def judge(self, messages, ids):
        self.sizes.append(len(messages))
        if self._fails_at is not None and len(self.asked) + len(messages) > self._fails_at:
            raise EvaluationError("stuk")
        self.asked += zip(ids, (message.text for message in messages), strict=True)
        scores = np.full((len(messages), len(TARGETS)), np.nan)
        scores[:, 0] = [len(message.text) / 7 for message in messages]
        return Judged(scores, (scores > 0.5).astype(float))


MESSAGES = [Message("kanarie" * number) for number in range(1, 6)]
IDS = list("abcde")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "scores.jsonl"


def test_scores_come_in_order_in_batches_of_the_systems_size(file):
    system = Counting()
    judged = Scores(system, file).judge(MESSAGES, IDS)
    assert judged.scores[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert np.isnan(judged.scores[:, 1:]).all()
    assert system.sizes == [2, 2, 1]
    assert [name for name, _ in system.asked] == IDS


def test_a_stopped_run_goes_on_without_asking_again(file):
    with pytest.raises(EvaluationError, match="stuk"):
        Scores(Counting(fails_at=4), file).judge(MESSAGES, IDS)
    system = Counting()
    resumed = Scores(system, file).judge(MESSAGES, IDS)
    assert [name for name, _ in system.asked] == ["e"]
    whole = Scores(Counting(), file.with_name("ander.jsonl")).judge(MESSAGES, IDS)
    assert np.array_equal(resumed.scores, whole.scores, equal_nan=True)
    assert np.array_equal(resumed.flagged, whole.flagged, equal_nan=True)


def test_a_repeated_run_asks_nothing_and_gives_the_same_to_the_last_digit(file):
    first = Scores(Counting(), file).judge([Message("abc"), Message("ab")], ["a", "b"])
    system = Counting(fails_at=0)
    second = Scores(system, file).judge([Message("ab"), Message("abc")], ["x", "y"])
    assert system.sizes == []
    assert first.scores[:, 0].tolist() == second.scores[::-1, 0].tolist() == [round(3 / 7, 6), round(2 / 7, 6)]


def test_equal_messages_are_asked_once(file):
    system = Counting()
    judged = Scores(system, file).judge([MESSAGES[0]] * 5, IDS)
    assert len(system.asked) == 1
    assert judged.scores[:, 0].tolist() == [1] * 5


@pytest.mark.parametrize("other", [Counting(name="ander"), Counting(model="2"), Counting(model="1", policy="b")])
def test_another_system_or_version_is_asked_again(file, other):
    Scores(Counting(model="1"), file).judge(MESSAGES[:1], IDS[:1])
    Scores(other, file).judge(MESSAGES[:1], IDS[:1])
    assert len(other.asked) == 1


def test_the_order_of_facts_does_not_matter(file):
    Scores(Counting(a="1", b="2"), file).judge(MESSAGES[:1], IDS[:1])
    again = Counting(b="2", a="1")
    Scores(again, file).judge(MESSAGES[:1], IDS[:1])
    assert again.asked == []


def test_context_its_roles_and_where_it_ends_make_another_message(file):
    turns = [(), (("peer", "a"),), (("self", "a"),), (("peer", "a"), ("peer", "b")), (("peer", 'a", "b'),)]
    messages = [Message("hoi", tuple(Turn(Role(role), text) for role, text in one)) for one in turns]
    system = Counting()
    Scores(system, file).judge([*messages, Message('hoi", [["peer", "a"]]')], [*IDS, "f"])
    assert len(system.asked) == 6


def test_the_file_holds_no_text_and_no_id(file):
    Scores(Counting(), file).judge([Message("kanarie", (Turn(Role.PEER, "vogel"),))], ["rij-id"])
    assert not any(word in file.read_text() for word in ("kanarie", "vogel", "rij-id"))


@pytest.mark.parametrize("lost", [1, 10, 100])
def test_a_line_that_was_half_written_is_asked_again(file, lost):
    Scores(Counting(), file).judge(MESSAGES, IDS)
    file.write_bytes(file.read_bytes()[:-lost])
    system = Counting()
    judged = Scores(system, file).judge(MESSAGES, IDS)
    assert [name for name, _ in system.asked] == ["e"]
    assert judged.scores[:, 0].tolist() == [1, 2, 3, 4, 5]
    last = Counting()
    Scores(last, file).judge(MESSAGES, IDS)
    assert last.asked == []


def test_scores_without_end_and_unknown_ones_come_back(file):
    class Odd(Counting):
        def judge(self, messages, ids):
            judged = super().judge(messages, ids)
            judged.scores[:, :3] = [math.inf, -math.inf, math.nan]
            judged.flagged[:, :3] = [1, 0, math.nan]
            return judged

    first, second = (Scores(Odd(), file).judge(MESSAGES, IDS) for _ in range(2))
    assert np.array_equal(first.scores, second.scores, equal_nan=True)
    assert np.array_equal(first.flagged, second.flagged, equal_nan=True)
    assert first.scores[0, 0] == math.inf
    assert np.isnan(second.flagged[0, 2])


ENTRY = '{{"message": "a", "scores": {scores}, "flagged": {flagged}}}\n'
FULL = "[" + ", ".join(["0.5"] * len(TARGETS)) + "]"


@pytest.mark.parametrize(
    "content",
    [
        "kanarie\n",
        "{}\n",
        "[]\n",
        "5\n",
        ENTRY.format(scores=FULL, flagged="null"),
        ENTRY.format(scores="5", flagged=FULL),
    ],
)
def test_a_file_of_another_kind_is_named(file, content):
    file.write_text(content)
    with pytest.raises(EvaluationError, match=r"scores\.jsonl"):
        Scores(Counting(), file)


@pytest.mark.parametrize(
    ("scores", "flagged"),
    [("[0.5]", FULL), (FULL, "[]"), (FULL.replace("0.5", '"x"', 1), FULL), (FULL, FULL.replace("0.5", "{}"))],
    ids=["short scores", "no decisions", "a text", "objects"],
)
def test_entries_of_another_length_or_type_are_refused(file, scores, flagged):
    """As a version of the package with other labels would have left them."""
    file.write_text(ENTRY.format(scores=scores, flagged=flagged))
    with pytest.raises(EvaluationError, match=r"scores\.jsonl"):
        Scores(Counting(), file)
