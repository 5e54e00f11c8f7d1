"""Pipelines of scikit-learn, really fitted and stored."""

import hashlib

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from classifier import Message
from eval.errors import EvaluationError
from eval.systems.pipeline import PipelineSystem
from eval.targets import ANY, TARGETS

TEXTS = ["ik wil dood", "hoi", "ik wil niet meer", "tot morgen", "dood", "lekker weer"]
RISKY = [1, 0, 1, 0, 1, 0]
MESSAGES = [Message(text) for text in TEXTS]


def stored(tmp_path, model, labels):
    fitted = make_pipeline(TfidfVectorizer(), model).fit(TEXTS, labels)
    joblib.dump(fitted, tmp_path / "model.joblib")
    return PipelineSystem(tmp_path / "model.joblib"), fitted


def judged(system):
    found = system.judge(MESSAGES, [""] * len(MESSAGES))
    others = [index for index, name in enumerate(TARGETS) if name != ANY]
    assert np.isnan(found.scores[:, others]).all()
    column = TARGETS.index(ANY)
    return found.scores[:, column], found.flagged[:, column]


@pytest.mark.parametrize(
    "labels", [RISKY, [bool(one) for one in RISKY], [3 - 2 * one for one in RISKY], [*RISKY[:-1], 2]]
)
def test_probability_of_class_1_whatever_its_place(tmp_path, labels):
    system, fitted = stored(tmp_path, LogisticRegression(), labels)
    scores, flagged = judged(system)
    place = fitted.classes_.tolist().index(1)
    assert scores.tolist() == fitted.predict_proba(TEXTS)[:, place].tolist()
    assert flagged.tolist() == (fitted.predict(TEXTS) == 1).tolist()
    assert flagged.any()


@pytest.mark.parametrize("labels", [RISKY, [3 - 2 * one for one in RISKY], [*RISKY[:-1], 2]])
def test_without_probabilities_the_decision_function_ranks(tmp_path, labels):
    system, fitted = stored(tmp_path, RidgeClassifier(), labels)
    scores, flagged = judged(system)
    assert flagged.tolist() == (fitted.predict(TEXTS) == 1).tolist()
    assert scores[flagged == 1].min() > scores[flagged == 0].max()


def test_facts_are_hash_and_version(tmp_path):
    system, _ = stored(tmp_path, LogisticRegression(), RISKY)
    assert system.facts["sha256"] == hashlib.sha256((tmp_path / "model.joblib").read_bytes()).hexdigest()
    assert system.facts["scikit-learn"] == sklearn.__version__


def test_an_error_on_texts_does_not_repeat_them(tmp_path):
    fitted = make_pipeline(FunctionTransformer(np.asarray, kw_args={"dtype": float}), LogisticRegression())
    fitted.fit(np.array([[0.0], [1.0]]), [0, 1])
    joblib.dump(fitted, tmp_path / "model.joblib")
    with pytest.raises(ValueError, match="ik wil dood"):
        fitted.predict(TEXTS)
    with pytest.raises(EvaluationError, match="ValueError") as raised:
        PipelineSystem(tmp_path / "model.joblib").judge(MESSAGES, [""] * len(MESSAGES))
    assert "dood" not in str(raised.value)


def test_what_is_no_pipeline_is_named(tmp_path):
    path = tmp_path / "model.joblib"
    for wrong in ({"a": 1}, LogisticRegression(), LogisticRegression().fit([[0], [1]], ["ja", "nee"])):
        joblib.dump(wrong, path)
        with pytest.raises(EvaluationError, match="class 1"):
            PipelineSystem(path)
    path.write_bytes(b"geen joblib")
    with pytest.raises(EvaluationError, match=r"model\.joblib"):
        PipelineSystem(path)
    with pytest.raises(EvaluationError, match="nergens"):
        PipelineSystem(tmp_path / "nergens")
