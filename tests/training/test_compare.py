"""Recipes side by side: settings as typed, gains of a better model, and the whole command on a tiny encoder."""

import json

import numpy as np
import pytest

from classifier.labels import LABEL_NAMES
from training.compare import gains, read_setting
from training.errors import TrainingError
from training.ranking import METRICS
from training.rows import truth


def test_settings_take_the_kind_of_the_recipe():
    assert read_setting("learning_rate=2e-4") == {"learning_rate": 2e-4}
    assert read_setting("layers=4,attention=false") == {"layers": 4, "attention": False}


@pytest.mark.parametrize("text", ["speed=1", "learning_rate", "seed=2", "batch=many", "attention=0", ""])
def test_what_is_no_setting_is_refused(text):
    with pytest.raises(TrainingError, match=r"must be name=value|is not a value of (batch|attention)"):
        read_setting(text)


def test_a_better_model_gains_and_the_same_one_does_not(example):
    messages = [
        example(f"m {number}", id=f"m-{number}", labels=[LABEL_NAMES[number % 11]], voice=f"v{number % 4}")
        for number in range(88)
    ]
    messages += [example(f"s {number}", id=f"s-{number}", kind="N1", voice=f"v{number % 4}") for number in range(80)]
    random = np.random.default_rng(0)
    plain = [truth(messages) + random.normal(0, 1.5, (len(messages), 11)) for _ in range(2)]
    better = [logits + truth(messages) for logits in plain]
    found = gains(messages, plain, better)
    assert all(figure["low"] > 0 for figure in found.values())
    assert found["map"]["low"] <= found["map"]["value"] <= found["map"]["high"]
    assert all(set(figure.values()) == {0.0} for figure in gains(messages, plain, plain).values())


def test_command_compares_on_validation_voices(vangnet_train, tiny_encoders, small_corpus, tmp_path):
    out, base = tmp_path / "compare.json", tiny_encoders["bert-wordpiece"]
    trial = ("--layers", 2, "--epochs", 1, "--base", base, "--corpus", small_corpus, "--work", tmp_path / "work")
    result = vangnet_train("compare", "learning_rate=1e-3", "--seeds", 2, "--share", 1, "--out", out, *trial)
    assert result.exit_code == 0, result.output
    assert "| learning_rate=1e-3 | " in result.output
    measured = json.loads(out.read_text(encoding="utf-8"))
    assert list(measured) == ["plain", "learning_rate=1e-3"]
    assert measured["learning_rate=1e-3"]["gain"].keys() == METRICS.keys()
    assert len(list((tmp_path / "work").glob("*/model.pt"))) == 4
    idle = vangnet_train("compare", "distillation=0", "--out", out, *trial)
    assert "distillation: changes nothing without --teacher" in idle.output
    # The models are there by now, so that a full disk shows at once.
    full = vangnet_train("compare", "learning_rate=1e-3", "--seeds", 2, "--share", 1, "--out", "/dev/full", *trial)
    assert full.exit_code == 1
    assert "No space left on device" in full.output
