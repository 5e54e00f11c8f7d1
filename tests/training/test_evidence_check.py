"""Marks as read, and the report on the shipped bundle: real evidence passes, a shuffled head does not."""

import json

import numpy as np
import pytest

from classifier import Classifier, Message
from training.corpus_files import read_corpus
from training.errors import TrainingError
from training.evidence_check import MARKS, evidence_report, read_marks, report_text, shuffled_head

SAMPLE = 20
"""Marked messages that the test explains; the command explains all."""


@pytest.fixture(scope="module")
def corpus():
    return read_corpus()


@pytest.fixture(scope="module")
def marks(corpus):
    return read_marks(corpus)


def test_marks_are_of_validation_voices_and_cover_every_label(corpus, marks):
    splits = corpus.splits
    assert len(marks) == 200
    assert {splits[mark.example.voice] for mark in marks} == {"validation"}
    assert len({label for mark in marks for label in mark.example.labels}) == 11
    assert all(mark.marked.any() for mark in marks)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "niemand-001", "fragments": ["x"]}, "niemand-001 is not a message of the corpus"),
        ({"id": "FIRST", "fragments": []}, "has no fragment"),
        ({"id": "FIRST", "fragments": ["dit staat er vast niet"]}, "does not stand in its text"),
    ],
)
def test_wrong_marks_are_named(row, message, corpus, tmp_path):
    first = json.loads(MARKS.read_text(encoding="utf-8").splitlines()[0])["id"]
    path = tmp_path / "marks.jsonl"
    path.write_text(json.dumps(row).replace("FIRST", first), encoding="utf-8")
    with pytest.raises(TrainingError, match=message):
        read_marks(corpus, path)


def test_a_shuffled_head_scores_otherwise(classifier):
    message = Message("ik wil niet meer leven")
    mixed = Classifier(shuffled_head(classifier.bundle))
    assert not np.allclose(mixed.predict(message).logits, classifier.predict(message).logits, atol=0.5)


def test_evidence_beats_chance_and_a_shuffled_head_fails(classifier, marks):
    real = evidence_report(classifier, marks[:SAMPLE])
    assert real["systems"]["evidence"]["f1"]["value"] > real["systems"]["random words"]["f1"]["value"]
    assert real["systems"]["evidence"]["hit"]["value"] > real["systems"]["shuffled head"]["hit"]["value"]
    assert "| keyword list | " in report_text(real)
    mixed = Classifier(shuffled_head(classifier.bundle))
    assert not evidence_report(mixed, marks[:SAMPLE])["passed"]
