"""Comparing two runs, on rows whose figures are worked by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from eval.cli_compare import compare as command
from eval.compare import LEAST_CHANGED, REAL, Run, aligned, compare, drawn, holm, read_run
from eval.errors import EvaluationError
from eval.labelled import Labelled
from eval.result_rows import write_rows
from eval.system import Judged
from eval.targets import ANY, TARGETS

RISKY, SAFE = 20, 1000
HAND = {
    "recall": (10 / 20, 17 / 20),
    "false_alarm_rate": (40 / 1000, 20 / 1000),
    "precision": (10 / 50, 17 / 37),
    "f1": (20 / 70, 34 / 57),
    # A: five risky above all safe ones, one above 985, nine above 950, two above 920, three above 500 and level with one.
    # B: fifteen above all, five above 950.
    "auroc": ((5 + 0.985 + 9 * 0.95 + 2 * 0.92 + 3 * 0.5005) / 20, (15 + 5 * 0.95) / 20),
    "ap": (
        0.25 + 0.05 * 6 / 21 + 0.45 * 15 / 65 + 0.1 * 17 / 97 + 0.15 * 20 / 520,
        0.75 + 0.25 * 20 / 70,
    ),
    "recall_at_5_percent": (15 / 20, 1.0),
    "recall_at_1_percent": (5 / 20, 15 / 20),
}


def known_rows(risky, clusters=None):
    """Rows of which any risk is known and nothing else; each its own cluster unless told."""
    rows = len(risky)
    truth = np.full((rows, len(TARGETS)), np.nan)
    truth[:, TARGETS.index(ANY)] = risky
    no = np.full(rows, "")
    return Labelled(
        tuple(f"m{row}" for row in range(rows)),
        truth,
        np.array([f"c{row}" for row in range(rows)]) if clusters is None else np.array(clusters),
        {},
        *(no, no, no),
        *(np.full(rows, np.nan), np.full(rows, np.nan)),
        np.full(rows, 5),
        np.zeros(rows, bool),
    )


def judged(scores, flagged):
    """What a system says of any risk, and nothing of the other targets."""
    arrays = [np.full((len(scores), len(TARGETS)), np.nan) for _ in range(2)]
    for array, values in zip(arrays, (scores, flagged), strict=True):
        array[:, TARGETS.index(ANY)] = values
    return Judged(*arrays)


@pytest.fixture(scope="module")
def hand():
    """The rows, and what A and B judge of them."""
    risky = np.r_[np.ones(RISKY), np.zeros(SAFE)]
    safe = np.arange(SAFE) / SAFE
    one = judged(
        np.r_[[0.9995] * 5, 0.9845, [0.9495] * 9, [0.9195] * 2, [0.5] * 3, safe],
        np.r_[np.ones(10), np.zeros(10), np.ones(40), np.zeros(960)],
    )
    two = judged(
        np.r_[[0.9495] * 5, [0.9995] * 15, safe],
        np.r_[np.zeros(1), np.ones(17), np.zeros(2), np.ones(20), np.zeros(980)],
    )
    return known_rows(risky), one, two


@pytest.fixture(scope="module")
def of_hand(hand):
    return compare(*hand, draws=200)["targets"][ANY]


def write(folder, known, system, name="A"):
    folder.mkdir()
    write_rows(folder / "rows.jsonl", known, system)
    results = {"suite": {"name": "set", "written": True, "reports_only": True}, "system": {"name": name}}
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", HAND)
def test_every_figure_and_its_difference_is_as_worked_by_hand(of_hand, name):
    found = of_hand["differences"][name]
    before, after = HAND[name]
    assert (found["one"], found["two"]) == (round(before, 4), round(after, 4))
    assert found["value"] == round(after - before, 4)
    assert found["low"] < found["value"] < found["high"]
    assert found["verdict"] == REAL


def test_right_and_wrong_and_changed_messages_are_as_worked_by_hand(of_hand):
    assert (of_hand["mcnemar"]["only_one_right"], of_hand["mcnemar"]["only_two_right"]) == (1, 28)
    small = [
        known_rows(np.ones(10)),
        judged(np.ones(10), np.r_[1, 1, [0] * 8]),
        judged(np.ones(10), np.r_[0, 0, [1] * 8]),
    ]
    # Two of ten the one way: twice the chance of at most two heads, 2 x (1 + 10 + 45) / 1024.
    assert compare(*small, draws=100)["targets"][ANY]["mcnemar"]["p"] == pytest.approx(0.109375)
    assert of_hand["changes"] == {
        "now_found": [f"m{row}" for row in range(10, 18)],
        "now_missed": ["m0"],
        "new_alarm": [],
        "alarm_gone": [f"m{row}" for row in range(40, 60)],
    }


def test_the_same_system_twice_differs_in_nothing(hand):
    known, one, _ = hand
    found = compare(known, one, one, draws=100)["targets"][ANY]
    # Exactly 0 in every resample, which it would not be if each system were drawn on its own.
    assert all((entry["low"], entry["high"]) == (0.0, 0.0) for entry in found["differences"].values())
    assert all(entry["verdict"] != REAL for entry in found["differences"].values())
    assert (found["mcnemar"]["p"], sum(map(len, found["changes"].values()))) == (1.0, 0)


def test_whole_clusters_are_drawn_with_replacement():
    clusters = np.array(["a", "b", "a", "c", "c", "c"])
    seen = set()
    for rows in drawn(clusters, 200, seed=1):
        counts = np.bincount(rows, minlength=6)
        assert counts[0] == counts[2]
        assert counts[3] == counts[4] == counts[5]
        assert counts[0] + counts[1] + counts[3] == 3
        seen.add(tuple(counts))
    assert len(seen) == 10  # all ways to draw three of three
    assert [list(one) for one in drawn(clusters, 3, 7)] == [list(one) for one in drawn(clusters, 3, 7)]


def test_clusters_widen_intervals(hand, of_hand):
    known, _, _ = hand
    together = replace(known, clusters=np.array([f"c{row % 40}" for row in range(RISKY + SAFE)]))
    apart = of_hand["differences"]["false_alarm_rate"]
    flags = np.r_[np.zeros(RISKY), np.arange(SAFE) % 40 == 1]
    wide = compare(together, judged(flags, flags), judged(flags, np.zeros(RISKY + SAFE)), draws=100)
    joined = wide["targets"][ANY]["differences"]["false_alarm_rate"]
    assert joined["high"] - joined["low"] > 2 * (apart["high"] - apart["low"])


@pytest.mark.parametrize(("changed", "verdict"), [(LEAST_CHANGED - 1, "not shown"), (LEAST_CHANGED + 4, REAL)])
def test_few_changed_decisions_show_nothing(changed, verdict):
    known = known_rows(np.r_[np.ones(30), np.zeros(30)])
    flagged = np.r_[np.ones(15), np.zeros(45)]
    more = flagged.copy()
    more[15 : 15 + changed] = 1
    found = compare(known, judged(flagged, flagged), judged(more, more), draws=500)["targets"][ANY]["differences"]
    assert found["recall"]["low"] > 0
    assert found["recall"]["verdict"] == verdict


def test_what_cannot_be_estimated_says_why(hand):
    known, one, two = hand
    few = replace(known, clusters=np.array([f"c{row % 9}" for row in range(RISKY + SAFE)]))
    assert "9 clusters" in compare(few, one, two, draws=100)["targets"][ANY]["differences"]["recall"]["not_estimable"]
    silent = judged(one.scores[:, 0], np.full(RISKY + SAFE, np.nan))
    found = compare(known, one, silent, draws=100)["targets"][ANY]
    assert "does not give" in found["differences"]["recall"]["not_estimable"]
    assert found["differences"]["auroc"]["value"] == 0
    assert (found["mcnemar"], found["changes"]) == ({}, {})
    fewer = known_rows(np.r_[np.ones(20), np.zeros(100)])
    system = judged(np.arange(120), np.ones(120))
    assert "100 safe rows" in compare(fewer, system, system, draws=100)["targets"][ANY]["differences"][
        "recall_at_5_percent"
    ]["not_estimable"]  # fmt: skip


def test_p_values_are_corrected_by_holm():
    # Smallest first: 0.01 x 3, 0.03 x 2, and 0.04 x 1, which may not be smaller than the one before.
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_rows_are_matched_by_id_and_other_rows_are_refused(hand):
    known, one, two = hand
    run = Run({}, known, one)
    back = np.arange(len(known.ids))[::-1]
    turned = replace(
        known,
        ids=tuple(known.ids[row] for row in back),
        truth=known.truth[back],
        clusters=known.clusters[back],
    )
    matched = aligned(run, Run({}, turned, Judged(two.scores[back], two.flagged[back])))
    assert np.array_equal(matched.flagged, two.flagged, equal_nan=True)
    assert np.array_equal(matched.scores, two.scores, equal_nan=True)
    renamed = replace(known, ids=("x", *known.ids[1:]))
    with pytest.raises(EvaluationError, match="1 ids only in the first, 1 only in the second"):
        aligned(run, Run({}, renamed, two))
    relabelled = replace(known, truth=np.where(np.arange(len(known.ids))[:, None] == 3, np.nan, known.truth))
    with pytest.raises(EvaluationError, match="truth differs in 1 rows, the first is 'm3'"):
        aligned(run, Run({}, relabelled, two))
    regrouped = replace(known, clusters=np.array(["c1", *known.clusters[1:]]))
    with pytest.raises(EvaluationError, match="cluster differs in 1 rows, the first is 'm0'"):
        aligned(run, Run({}, regrouped, two))


def test_the_command_tells_what_is_real_and_keeps_all_ids(hand, of_hand, tmp_path):
    known, one, two = hand
    a, b = write(tmp_path / "a", known, one), write(tmp_path / "b", known, two, "B")
    out = tmp_path / "found.json"
    done = CliRunner().invoke(command, [str(a), str(b), "--out", str(out), "--draws", "200"])
    assert done.exit_code == 0, done.output
    assert "8 of 8 differences are real" in done.output
    assert "on written examples" in done.output
    assert "- now missed: m0\n" in done.output
    found = json.loads(out.read_text(encoding="utf-8"))
    assert (found["a"], found["b"], found["rows"]) == ("A on set", "B on set", 1020)
    assert found["targets"][ANY] == of_hand


def test_the_command_names_a_folder_that_is_no_run(hand, tmp_path):
    known, one, _ = hand
    a = write(tmp_path / "a", known, one)
    (tmp_path / "b").mkdir()
    done = CliRunner().invoke(command, [str(a), str(tmp_path / "b")])
    assert done.exit_code == 1
    assert "results.json: No such file" in done.output
    for content in ("[]", "{", '{"suite": {"name": "set"}, "system": {"name": "A"}}'):
        (a / "results.json").write_text(content, encoding="utf-8")
        with pytest.raises(EvaluationError, match="is not what vangnet-eval run writes"):
            read_run(a)


def test_intervals_hold_95_percent():
    # 400 risky messages and no safe one: B finds 100 more. A mean of 100 ones and 300 zeros has a standard error of 0.02165.
    known = known_rows(np.ones(400))
    flagged = np.r_[np.ones(100), np.zeros(300)]
    more = np.r_[np.ones(200), np.zeros(200)]
    found = compare(known, judged(flagged, flagged), judged(more, more), draws=1000)["targets"][ANY]["differences"]
    assert found["recall"]["low"] == pytest.approx(0.25 - 1.96 * 0.02165, abs=0.007)
    assert found["recall"]["high"] == pytest.approx(0.25 + 1.96 * 0.02165, abs=0.007)
    assert "0 clusters with safe messages" in found["auroc"]["not_estimable"]
