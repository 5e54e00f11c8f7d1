"""Agreement of two labellings, on published examples and examples worked by hand."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from classifier.labels import LABEL_NAMES
from eval.agreement import agreement, krippendorff, read_labels
from eval.cli_annotation import agreement as command
from eval.errors import EvaluationError

LABEL, OTHER = LABEL_NAMES[:2]
NO = np.nan


def labelling(*values):
    """Ids m0, m1 ...: 1 has the label, 0 has none, None was not decided."""
    given = {1: frozenset({LABEL}), 0: frozenset(), None: None}
    return {f"m{row}": given[value] for row, value in enumerate(values)}


def test_kappa_is_as_worked_by_hand():
    # 20 both, 5 and 10 by one alone, 15 by none: 35 / 50 agree, by chance 0.5 x 0.6 + 0.5 x 0.4 = 0.5; kappa 0.2 / 0.5.
    one = labelling(*[1] * 20, *[1] * 5, *[0] * 10, *[0] * 15)
    two = labelling(*[1] * 20, *[0] * 5, *[1] * 10, *[0] * 15)
    found = agreement(one, two)["targets"]
    for target in (LABEL, "any"):
        assert found[target]["kappa"] == pytest.approx(0.4)
        assert [found[target][key] for key in ("one", "two", "both")] == [25, 30, 20]
    # Krippendorff: of 100 values 55 are yes; 15 of 50 pairs differ, so 30 values of 100; by chance 2 x 55 x 45 / (100 x 99).
    assert found[LABEL]["alpha"] == pytest.approx(1 - 0.3 / 0.5, abs=1e-4)
    assert found[OTHER]["kappa"] is None
    assert found[OTHER]["alpha"] is None


def test_alpha_is_that_of_krippendorffs_examples():
    # Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability": example A, two coders and no value missing ...
    binary = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]], float)
    assert krippendorff(binary) == pytest.approx(1 - 19 * 4 / (14 * 6))
    # ... and example C, four coders, five values and seven missing ones; the last message has one value and counts nowhere.
    many = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, NO, NO, NO],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NO, 3],
            [NO, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NO],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NO],
        ]
    )
    assert krippendorff(many) == pytest.approx(0.743, abs=5e-4)
    assert krippendorff(many[::-1, ::-1]) == pytest.approx(krippendorff(many))


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([[0, 1, 1], [0, 1, 1]], 1.0),
        # Three messages, all different: o = 1, expected 2 x 3 x 3 / (6 x 5) = 0.6.
        ([[0, 0, 1], [1, 1, 0]], 1 - 1 / 0.6),
        ([[0, 1, NO, 1], [0, 1, 1, NO]], 1.0),
        ([[1, 1], [1, 1]], NO),
        ([[1, NO], [NO, 0]], NO),
    ],
)
def test_alpha_of_small_cases(values, wanted):
    assert krippendorff(np.array(values, float)) == pytest.approx(wanted, nan_ok=True)


def test_undecided_and_missing_messages_count_for_nothing_but_are_counted():
    one, two = labelling(1, 0, 1, None, 1), labelling(1, 0, 0, 1)
    found = agreement(one, two)
    assert (found["messages"], found["missing"]) == (3, 2)
    assert found["disagreeing"] == [{"id": "m2", "one": [LABEL], "two": []}]
    shared = agreement(labelling(1, 0, 1), labelling(1, 0, 0))
    assert found["targets"] == shared["targets"]
    with pytest.raises(EvaluationError, match="share no message"):
        agreement(labelling(None), labelling(1))


def test_other_labels_on_a_risky_message_disagree_though_any_agrees():
    one, two = {"a": frozenset({LABEL}), "b": frozenset()}, {"a": frozenset({OTHER}), "b": frozenset()}
    found = agreement(one, two)
    assert found["targets"]["any"]["kappa"] == 1.0
    assert found["targets"][LABEL]["kappa"] == 0.0
    assert [message["id"] for message in found["disagreeing"]] == ["a"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"labels": []}', ":1: id: must be"),
        ('{"id": "a"}', ":1: labels: must be a list or null"),
        ('{"id": "a", "labels": "self_harm/intent"}', ":1: labels: must be a list or null"),
        ('{"id": "a", "labels": ["geheim", 3, ["x"]]}', ":1: labels: 3 unknown"),
        ('{"id": "a", "labels": []}\n\n{"id": "a", "labels": null}', ":3: id: stands twice"),
    ],
)
def test_a_labelling_that_cannot_be_used_is_named(line, problem, tmp_path):
    path = tmp_path / "one.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(EvaluationError, match=problem) as error:
        read_labels(path)
    assert "geheim" not in str(error.value)


def test_the_command_shows_agreement_and_keeps_disagreements(tmp_path):
    for name, labels in (("one", [[LABEL], [], [LABEL], []]), ("two", [[LABEL], [], [], None])):
        lines = [json.dumps({"id": f"m{row}\u202e", "labels": given}) for row, given in enumerate(labels)]
        (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
    out = tmp_path / "found.json"
    done = CliRunner().invoke(command, [str(tmp_path / "one"), str(tmp_path / "two"), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "3 messages labelled in both, 1 not" in done.output
    assert "1 messages with other labels: m2⟨U+202E⟩" in done.output
    # 2 of 3 agree; by chance 2/3 x 1/3 + 1/3 x 2/3 = 4/9: (2/3 - 4/9) / (5/9) = 0.4.
    assert json.loads(out.read_text(encoding="utf-8"))["targets"][LABEL]["kappa"] == 0.4
    missing = CliRunner().invoke(command, [str(tmp_path / "one"), str(tmp_path / "nergens")])
    assert missing.exit_code == 1
    assert "nergens: No such file" in missing.output
