"""Threshold planning on rows worked by hand, and its policy in a running service."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from classifier import Message, Policy
from classifier.labels import HIGH_SEVERITY, LABEL_NAMES
from classifier.policy import Action
from eval.cli_plan import plan as command
from eval.compare import Run, read_run
from eval.errors import EvaluationError
from eval.labelled import Labelled
from eval.plan import Rows, Wish, as_policy, choose, halves, report, usable
from eval.result_rows import write_rows
from eval.systems.bundle import taken_together
from eval.targets import ANY, TARGETS
from tests.conftest import SHIPPED
from tests.serving.conftest import Running

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "training" / "corpus" / "bo-fandom.jsonl"


def rows_of(highest, risky, clusters=None):
    """Rows of any risk whose highest score stands at one label after another."""
    scores = np.zeros((len(highest), len(LABEL_NAMES)))
    scores[np.arange(len(highest)), np.arange(len(highest)) % len(LABEL_NAMES)] = highest
    own = np.array([f"c{row}" for row in range(len(highest))])
    risky = np.array(risky, bool)
    return Rows(ANY, LABEL_NAMES, scores, risky, own if clusters is None else np.array(clusters))


def run_of(scores, risky, target=ANY, clusters=None, reports_only=False):
    """A run as `vangnet-eval run` gives it, with the truth of one target."""
    count = len(scores)
    truth = np.full((count, len(TARGETS)), np.nan)
    truth[:, TARGETS.index(target)] = risky
    no, nan = np.full(count, ""), np.full(count, np.nan)
    own = np.array([f"c{row}" for row in range(count)])
    known = Labelled(
        tuple(f"m{row}" for row in range(count)),
        truth,
        own if clusters is None else np.array(clusters),
        *({}, no, no, no, nan, nan, np.full(count, 5), np.zeros(count, bool)),
    )
    results = {
        "suite": {"name": "set", "written": False, "reports_only": reports_only},
        "system": {"name": "x", "facts": {"model": SHIPPED.name}},
    }
    return Run(results, known, taken_together(scores, scores >= 0.5))


def write(folder, run):
    folder.mkdir()
    write_rows(folder / "rows.jsonl", run.known, run.judged)
    (folder / "results.json").write_text(json.dumps(run.results), encoding="utf-8")
    return str(folder)


def spread(count=400, seed=1):
    """Scores of shape (count, labels) and truth, a tenth of it risky, that overlap."""
    random = np.random.default_rng(seed)
    risky = np.arange(count) % 10 == 0
    scores = random.beta(1, 8, (count, len(LABEL_NAMES)))
    scores[risky, 0] = random.beta(4, 3, risky.sum())
    return scores.round(6), risky


# At 0.7 two of four risky and one of ten safe are flagged: where 1 in 10 is risky 0.1 x 2/4 + 0.9 x 1/10, 140 in 1,000.
# At 0.6 it is 230, at 0.5 255, at 0.2 0.1 + 0.9 x 4/10 = 460.
HAND = ([0.9, 0.7, 0.5, 0.2, 0.8, 0.6, 0.4, 0.3, *[0.1] * 6], [1] * 4 + [0] * 10)


@pytest.mark.parametrize(
    ("wish", "threshold"),
    [
        (Wish(0.1, alarms=139), 0.9),
        (Wish(0.1, alarms=140), 0.7),
        (Wish(0.1, alarms=254), 0.7),
        (Wish(0.1, alarms=255), 0.5),
        (Wish(0.1, alarms=1000), 0.2),
        (Wish(0.5, alarms=255), 0.9),
        (Wish(0.1, recall=0.5), 0.7),
        (Wish(0.1, recall=0.51), 0.5),
        (Wish(0.1, recall=1.0), 0.2),
    ],
)
def test_the_threshold_is_as_worked_by_hand(wish, threshold):
    assert choose(rows_of(*HAND), wish) == threshold


def test_a_threshold_has_four_decimals_and_flags_what_it_was_chosen_for():
    rows = rows_of([0.123456, 0.123449, *[0.05] * 8], [1, 0, *[0] * 8])
    threshold = choose(rows, Wish(0.1, recall=1.0))
    assert threshold == 0.1234
    assert rows.flagged(threshold).tolist() == [True, True] + [False] * 8


@pytest.mark.parametrize("wish", [Wish(0.1, alarms=20), Wish(0.1, recall=1.0)])
def test_a_wish_that_nothing_meets_is_told(wish):
    with pytest.raises(EvaluationError, match="no threshold meets the wish"):
        choose(rows_of([0.9, 0.8, 0.00001], [0, 1, 1]), wish)


def test_halves_share_no_cluster_and_have_as_much_risk():
    clusters = [f"c{row // 4}" for row in range(400)]
    rows = rows_of(np.arange(400) / 400, np.arange(400) % 8 == 0, clusters)
    one, two = halves(rows, seed=3)
    assert not set(one.clusters) & set(two.clusters)
    assert len(one.risky) + len(two.risky) == 400
    assert abs(int(one.risky.sum()) - int(two.risky.sum())) <= 1
    assert set(one.clusters) == set(halves(rows, seed=3)[0].clusters)
    assert set(one.clusters) != set(halves(rows, seed=4)[0].clusters)


@pytest.mark.parametrize(
    ("clusters", "risky"),
    [(["a", "b"] * 20, [1, 0] * 20), (None, [0] * 40), (None, [1] * 40)],
)
def test_halves_that_could_tell_nothing_are_refused(clusters, risky):
    with pytest.raises(EvaluationError, match="a half has"):
        halves(rows_of([0.5] * 40, risky, clusters), 0)


def test_the_report_is_as_worked_by_hand():
    rows = rows_of([0.9] * 15 + [0.1] * 5 + [0.9] * 10 + [0.1] * 90, [1] * 20 + [0] * 100)
    found = report(rows, 0.5, prevalence=0.01, volume=10_000, minutes=3, draws=300)
    assert (found["rows"], found["risky"], found["false_alarms"]) == (120, 20, 10)
    worked = {
        "recall": 0.75,
        "missed_a_day": 25.0,
        "false_alarm_rate": 0.1,
        "alarms_per_1000": 106.5,
        "alarms_a_day": 1065.0,
        "precision": 0.0075 / 0.1065,
        "reviewers": 1065 * 3 / 60 / 6,
    }
    assert {name: entry["value"] for name, entry in found["figures"].items()} == pytest.approx(worked, abs=1e-4)
    for name, entry in found["figures"].items():
        assert entry["low"] < entry["value"] < entry["high"], name
    bounds = found["figures"]["recall"]
    assert found["figures"]["missed_a_day"]["high"] == pytest.approx(100 * (1 - bounds["low"]), abs=0.01)


def test_finding_all_does_not_mean_missing_none():
    rows = rows_of([0.9] * 30 + [0.1] * 90, [1] * 20 + [0] * 100)
    figures = report(rows, 0.5, 0.01, 10_000, 3, draws=100)["figures"]
    # Twenty of twenty: the exact 95 % interval of a share begins at 0.025 ** (1 / 20).
    assert figures["recall"] == {"value": 1.0, "low": 0.8316, "high": 1.0}
    assert figures["missed_a_day"] == {"value": 0.0, "low": 0.0, "high": pytest.approx(16.8434, abs=1e-3)}


def test_what_rests_on_too_little_is_not_estimable():
    nine = rows_of([0.9] * 20 + [0.9] * 9 + [0.1] * 91, [1] * 20 + [0] * 100)
    figures = report(nine, 0.5, 0.01, 10_000, 3, draws=100)["figures"]
    for name in ("false_alarm_rate", "alarms_per_1000", "alarms_a_day", "precision", "reviewers"):
        assert figures[name] == {"not_estimable": "9 false alarms on 100 safe messages: fewer than 10"}
    assert figures["recall"]["value"] == 1.0
    few = rows_of([0.9] * 20 + [0.1] * 100, [1] * 9 + [0] * 111)
    figures = report(few, 0.5, 0.01, 10_000, 3, draws=100)["figures"]
    assert "9 clusters with risky messages" in figures["missed_a_day"]["not_estimable"]
    assert figures["alarms_a_day"]["value"] > 0


def test_a_suite_that_only_reports_is_refused(tmp_path):
    folder = write(tmp_path / "run", run_of(*spread(), reports_only=True))
    done = CliRunner().invoke(command, [folder, "--volume", "1000", "--alarms", "50"])
    assert done.exit_code == 1
    assert "set: this suite reports and chooses nothing" in done.output


def test_a_system_without_scores_of_labels_is_refused():
    run = run_of(*spread())
    run.judged.scores[3, -1] = np.nan
    with pytest.raises(EvaluationError, match="does not score every label"):
        usable(run)


@pytest.mark.parametrize("target", [ANY, "self_harm", "peer_influence/pact"])
def test_the_policy_decides_as_planned(target):
    scores, risky = spread()
    if target == "peer_influence/pact":
        scores = np.roll(scores, LABEL_NAMES.index(target), axis=1)
    chooses, reports = halves(usable(run_of(scores, risky, target)), seed=5)
    threshold = choose(chooses, Wish(0.05, alarms=100))
    policy = Policy.from_dict(as_policy(chooses, threshold, "plan-1", SHIPPED.name, None))
    planned = reports.flagged(threshold)
    assert 0 < planned.sum() < len(planned)
    for row, flagged in zip(reports.scores, planned, strict=True):
        others = dict.fromkeys(LABEL_NAMES, 0.99)  # labels that the data does not know decide nothing
        decision = policy.decide(others | dict(zip(reports.labels, row.tolist(), strict=True)))
        assert (decision.action is Action.REVIEW) == flagged


def test_labels_of_high_severity_still_escalate(bundle_folder):
    base = Policy.from_dict(json.loads((bundle_folder / "policy.json").read_text(encoding="utf-8")))
    kept = base.thresholds["self_harm/intent"].escalate_at
    rows = rows_of(*HAND)
    for threshold, wanted in ((0.1, kept), (0.9, 0.9)):
        policy = Policy.from_dict(as_policy(rows, threshold, "plan-1", base.model, base))
        assert {policy.thresholds[name].escalate_at for name in HIGH_SEVERITY} == {wanted}
        assert {one.review_at for one in policy.thresholds.values()} == {threshold}
    bare = Policy.from_dict(as_policy(rows, 0.1, "plan-1", base.model, None))
    assert {one.escalate_at for one in bare.thresholds.values()} == {None}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ([], "give one wish"),
        (["--alarms", "5", "--recall", "0.5"], "give one wish"),
        (["--alarms", "5", "--policy", "x"], "belong together"),
        (["--alarms", "5", "--policy", "a b", "--out", "p.json"], "must be 1 to 64"),
        (["--alarms", "5", "--prevalence", "0"], "prevalence"),
    ],
)
def test_options_that_do_not_fit_are_named(options, problem, tmp_path):
    done = CliRunner().invoke(command, [str(tmp_path), "--volume", "1000", *options])
    assert done.exit_code == 2
    assert problem in done.output


def test_a_choice_on_few_false_alarms_says_so(tmp_path):
    folder = write(tmp_path / "run", run_of(*spread()))
    done = CliRunner().invoke(command, [folder, "--volume", "1000", "--alarms", "15", "--draws", "100"])
    assert done.exit_code == 0, done.output
    assert "false alarms: fewer than 10 say little" in done.output
    assert "not estimable" in done.output


def test_a_base_of_another_model_is_refused(tmp_path):
    base = tmp_path / "base.json"
    base.write_text(json.dumps(as_policy(rows_of(*HAND), 0.5, "old", "another", None)), encoding="utf-8")
    folder = write(tmp_path / "run", run_of(*spread()))
    more = ["--alarms", "50", "--policy", "x", "--base", str(base), "--out", str(tmp_path / "new.json")]
    done = CliRunner().invoke(command, [folder, "--volume", "1000", *more])
    assert done.exit_code == 1
    assert f"is for another, the run is of {SHIPPED.name}" in done.output
    assert not (tmp_path / "new.json").exists()


def test_the_service_takes_the_policy_and_decides_as_planned(classifier, bundle_folder, tmp_path):
    lines = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").split("\n")[:44] if line]
    messages = [Message.from_mapping(line) for line in lines]
    scores = np.array([list(classifier.predict(message).scores.values()) for message in messages])
    run = run_of(scores, [bool(line["labels"]) for line in lines])
    folder, out = write(tmp_path / "run", run), tmp_path / "policy.json"
    more = ["--policy", "plan-1", "--base", str(bundle_folder / "policy.json"), "--out", str(out), "--draws", "100"]
    done = CliRunner().invoke(command, [folder, "--volume", "200000", "--recall", "0.9", *more])
    assert done.exit_code == 0, done.output
    document = json.loads(out.read_text(encoding="utf-8"))
    threshold = document["labels"][LABEL_NAMES[0]]["review_at"]
    planned = usable(read_run(tmp_path / "run")).flagged(threshold)
    assert 0 < planned.sum() < len(planned)
    (tmp_path / "service").mkdir()
    service = Running(tmp_path / "service", bundle=str(bundle_folder), deadline_ms="60000")
    try:
        service.start()
        with service.client() as client:
            made = client.post("/v1/policies", json={"author": "Noor", "reason": "plan", "policy": document})
            assert made.status_code == 201, made.text
            keys = ("text", "context")
            asked = [{key: line[key] for key in keys} | {"policy": "plan-1"} for line in lines]
            answer = client.post("/v1/classify/batch", json={"messages": asked})
        assert answer.status_code == 200, answer.text
        decisions = [one["result"]["decision"] for one in answer.json()["results"]]
    finally:
        service.stop()
    assert [decision != "allow" for decision in decisions] == planned.tolist()
