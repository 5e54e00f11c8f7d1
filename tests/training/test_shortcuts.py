import random

import numpy as np

from training.shortcuts import shortcut_report, style_features

WORDS = ["fiets", "regen", "school", "kaas", "hond", "liedje", "oma", "trein", "soep", "feest", "boek", "lamp"]


def messages(example, marked):
    """600 messages of six voices; when `marked`, the risky ones alone end with a full stop."""
    rng = random.Random(0)
    made = []
    for number in range(600):
        risky = rng.random() < 0.4
        text = " ".join(rng.choices(WORDS, k=rng.randint(3, 12))) + ("." if marked and risky else "")
        labels = ["self_harm/intent"] if risky else []
        made.append(example(text, id=f"v-{number}", labels=labels, voice=f"v{number % 6}"))
    return made


def test_a_give_away_in_style_is_seen(example):
    report = shortcut_report(messages(example, marked=True))
    assert report["auroc"] > 0.95
    assert next(iter(report["single"])) in ("ends with a sign", "count of '.'")


def test_without_one_it_is_chance(example):
    assert 0.4 < shortcut_report(messages(example, marked=False))["auroc"] < 0.6


def test_words_are_no_features(example):
    _, table = style_features([example("ik wil dood"), example("ik wil taart"[:11])])
    assert np.array_equal(table[0], table[1])
