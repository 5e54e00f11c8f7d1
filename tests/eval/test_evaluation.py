"""A whole run on small files worked by hand: through the system, into results.json."""

import json

import numpy as np
import pytest

from eval.errors import EvaluationError
from eval.evaluation import CHUNK, evaluate, judge_all
from eval.suite import adhoc_suite, read_suite
from eval.system import Judged
from eval.targets import TARGETS

SUITE = """
name = "proef"
version = "1"
file = "rijen.jsonl"
slices = ["about", "bron"]
[columns]
id = "id"
context = "context"
cluster = "stem"
conversation = "gesprek"
turn = "beurt"
onset = "begin"
kind = "soort"
pair = "paar"
[targets]
any = "risico == 1"
"""


class Marks:
    """Reads the score at the start of a text, and counts how often it was asked."""

    name, at_once, by_id = "cijfers", 100, False

    def __init__(self, fails_at=None, **facts):
        self.facts, self._fails_at, self.asked = {"version": "1", **facts}, fails_at, 0

    def judge(self, messages, ids):
        if self._fails_at is not None and self.asked + len(messages) > self._fails_at:
            raise EvaluationError("stuk")
        self.asked += len(messages)
        scores = np.repeat([[float(message.text.split()[0])] for message in messages], len(TARGETS), axis=1)
        return Judged(scores, (scores >= 0.5).astype(float))


def row(name, score, risky, **columns):
    return {"id": name, "text": f"{score} kanarie", "risico": risky, **columns}


@pytest.fixture
def run(tmp_path):
    def made(*rows, suite=SUITE, system=None, draws=100):
        (tmp_path / "proef.toml").write_text(suite)
        (tmp_path / "rijen.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
        (tmp_path / "uit").mkdir(exist_ok=True)
        wanted, asked = read_suite(str(tmp_path / "proef.toml")), system or Marks()
        known, judged = judge_all(wanted, asked, tmp_path / "uit")
        return evaluate(wanted, asked, known, judged, "vangnet-eval run", draws)

    return made


PLAIN = [row("a", 0.9, 1), row("b", 0.2, 1), row("c", 0.6, 0), row("d", 0.1, 0), row("e", 0.7, None)]


def test_a_run_says_what_was_measured_and_on_what(run, tmp_path):
    results = run(*PLAIN)
    assert (results["suite"]["name"], results["suite"]["rows"], len(results["suite"]["sha256"])) == ("proef", 5, 64)
    assert results["system"] == {"name": "cijfers", "facts": {"version": "1"}}
    assert results["command"] == "vangnet-eval run"
    found = results["targets"]["any"]
    assert (found["rows"], found["positives"], found["prevalence"]) == (4, 2, 0.5)
    values = {name: found["figures"][name]["value"] for name in ("auroc", "precision", "recall", "f1")}
    assert values == {"auroc": 0.75, "precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert list(results["targets"]) == ["any"]
    assert not any(results[name] for name in ("grid", "pairs", "conversations", "support"))
    assert "kanarie" not in json.dumps(results, allow_nan=False) + (tmp_path / "uit" / "scores.jsonl").read_text()


def test_the_first_target_that_is_known_stands_for_any(run):
    suite = SUITE.replace('any = "risico', '"self_harm/intent" = "risico')
    results = run(*(one | {"soort": "P1"} for one in PLAIN), suite=suite)
    assert list(results["targets"]) == ["self_harm/intent"]
    assert results["grid"]["P1"]["all"]["rows"] == 4
    assert list(results["slices"]["words"]["1 to 4"]) == ["self_harm/intent"]


def test_a_stopped_run_goes_on_without_asking_again(run):
    rows = [row(str(number), number / 1000, number % 2) for number in range(CHUNK + 150)]
    with pytest.raises(EvaluationError, match="stuk"):
        run(*rows, system=Marks(fails_at=300))
    second = Marks()
    results = run(*rows, system=second)
    assert second.asked == len(rows) - 256  # 100, 100 and 56; of the next hundred nothing was answered
    third = Marks(fails_at=0)
    again = run(*rows, system=third)
    assert again | {"made": ""} == results | {"made": ""}


def test_slices_have_the_figures_of_their_rows(run):
    rows = [
        row("a", 0.9, 1, bron="x"),
        row("b", 0.2, 1, bron="y", context=["hoi"]),
        row("c", 0.6, 0, bron="x"),
        row("d", 0.1, 0),
        row("e", "0.3 een twee drie", 1, bron="y"),
    ]
    slices = run(*rows)["slices"]
    assert {
        way: {value: found["any"]["rows"] for value, found in members.items()} for way, members in slices.items()
    } == {
        "words": {"1 to 4": 4, "5 to 12": 1},
        "context": {"without": 4, "with": 1},
        "about": {},
        "bron": {"x": 2, "y": 2},
    }
    assert slices["bron"]["x"]["any"]["figures"]["recall"]["value"] == 1
    assert slices["bron"]["y"]["any"]["figures"]["recall"]["value"] == 0
    assert set(slices["bron"]["x"]["any"]["figures"]) == {"recall", "precision", "false_alarm_rate", "auroc"}


def test_the_grid_counts_what_was_decided_rightly(run):
    rows = [
        row("a", 0.9, 1, soort="P10", about="zelf"),
        row("b", 0.2, 1, soort="P2", about="zelf"),
        row("c", 0.8, 1, soort="P2", about="ander"),
        row("d", 0.1, 0, soort="N2"),
        row("e", 0.9, None, soort="P2"),
    ]
    grid = run(*rows)["grid"]
    assert list(grid) == ["N2", "P2", "P10"]
    assert grid["P2"] == {
        "all": {"rows": 2, "risky": 2, "right": 1},
        "ander": {"rows": 1, "risky": 1, "right": 1},
        "zelf": {"rows": 1, "risky": 1, "right": 0},
    }
    assert grid["N2"] == {"all": {"rows": 1, "risky": 0, "right": 1}}


def test_pairs_are_found_by_key_and_by_id_and_count_once(run):
    rows = [
        row("a1", 0.9, 1, paar="a2"), row("a2", 0.1, 0, paar="a1"),  # both ways, right
        row("b1", 0.9, 1, paar="b2"), row("b2", 0.8, 0),  # one way, wrong
        row("c1", 0.2, 1, paar="sleutel"), row("c2", 0.1, 0, paar="sleutel"),  # by key, wrong
        row("d1", 0.9, 1, paar="d2"), row("d2", 0.9, 1, paar="d1"),  # both risky
        row("e1", 0.9, 1, paar="weg"), row("f1", 0.9, 1, paar="f1"),  # alone
        row("g1", 0.9, 1, paar="g2"), row("g2", 0.1, None, paar="g1"),  # unknown
    ]  # fmt: skip
    pairs = run(*rows)["pairs"]
    assert pairs["pairs"] == 3
    assert pairs["both_right"]["value"] == 0.3333


def conversation(name, scores, onset):
    """Its last message first: the turns put them in order."""
    turns = range(len(scores))
    rows = [
        row(
            f"{name}{turn}",
            scores[turn],
            int(onset is not None and turn >= onset),
            gesprek=name,
            beurt=turn,
            begin=onset,
        )
        for turn in turns
    ]
    return rows[::-1]


def test_conversations(run):
    rows = [
        *conversation("g", [0.1, 0.2, 0.3, 0.9], 2),
        *conversation("h", [0.1, 0.9], 1),
        *conversation("i", [0.1, 0.9, 0.1], None),
        *conversation("j", [0.1, 0.2], None),
        row("los", 0.9, 1),
    ]
    found = run(*rows)["conversations"]
    assert (found["conversations"], found["risky"]) == (4, 2)
    figures = found["figures"]
    assert [figures[f"found_within_{number}"] for number in (0, 1, 3)] == [0.5, 1, 1]
    assert figures["false_alarms"] == 0.25
    # Delays 1 and 0 cost 1 - 1 / (1 + e^-3) and 1 - 1 / (1 + e^-4); the false alarm one half.
    assert figures["erde_5"] == pytest.approx((0.04743 + 0.01799 + 0.5) / 4, abs=1e-4)
    assert 0 < figures["latency_f1"] < 0.8  # F1 is 4 / 5


@pytest.mark.parametrize(("alarms", "expected"), [(10, 0.8333), (9, None)])
def test_support_that_is_flagged(run, alarms, expected):
    support = [row(f"s{number}", 0.9 if number < alarms else 0.1, 0, soort="N14") for number in range(12)]
    found = run(*support, row("a", 0.9, 0, soort="N1"), row("b", 0.9, 1, soort="N2"))["support"]
    assert (found["rows"], found["flagged"], found["rate"].get("value")) == (12, alarms, expected)


def test_conversations_without_turns_give_figures_or_none_but_valid_json(run):
    rows = [one | {"beurt": None} for one in [*conversation("g", [0.1, 0.9], 1), *conversation("h", [0.1, 0.2], None)]]
    results = run(*rows)
    json.dumps(results, allow_nan=False)
    assert results["conversations"].get("risky", 1) == 1


def test_a_label_column_that_is_nowhere_is_told(tmp_path):
    (tmp_path / "mijn.csv").write_text("text,label\n0.9 a,1\n0.1 b,0\n")
    suite, system = adhoc_suite(tmp_path / "mijn.csv", "text", "lebel"), Marks()
    with pytest.raises(EvaluationError, match="risky"):
        evaluate(suite, system, *judge_all(suite, system, tmp_path), "", 100)


def test_ids_that_stand_twice_name_file_and_row_and_no_text(run):
    with pytest.raises(EvaluationError) as raised:
        run(row("dubbel", 0.1, 0), row("uniek", 0.1, 0), row("dubbel", 0.2, 1))
    assert "kanarie" not in str(raised.value)
    assert "dubbel" in str(raised.value) or "row 3" in str(raised.value)


def test_a_file_without_rows_is_refused(tmp_path):
    (tmp_path / "leeg.csv").write_text("text,label\n")
    with pytest.raises(EvaluationError, match="no row"):
        judge_all(adhoc_suite(tmp_path / "leeg.csv", "text", "label"), Marks(), tmp_path)
