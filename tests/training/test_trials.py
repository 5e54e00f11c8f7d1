"""Trials on a tiny random encoder: what is kept, the learning curve, and doubted labels."""

import json
from dataclasses import replace

import numpy as np
import pytest

from classifier.labels import LABEL_NAMES
from training.curve import learning_curve, measured
from training.errors import TrainingError
from training.finetune import Recipe
from training.label_noise import STRONG, doubted, doubts, write_doubts
from training.presumed_safe import read_presumed_safe
from training.rows import truth
from training.scoring import torch_logits
from training.teacher import Teacher, key_of
from training.trials import first_voices, open_bench, shuffled_voices

RECIPE = Recipe(epochs=1, layers=None)


def test_a_trial_is_trained_once(tiny_encoders, clear_corpus, tmp_path):
    bench = open_bench(
        clear_corpus, None, Recipe(epochs=1, layers=None), tmp_path, str(tiny_encoders["bert-wordpiece"])
    )
    examples = clear_corpus.split("train")
    first = bench.trained(examples)
    [kept] = tmp_path.glob("*/model.pt")
    written = kept.stat().st_mtime_ns
    again = bench.trained(examples)
    assert kept.stat().st_mtime_ns == written
    assert (first.head.weight == again.head.weight).all()
    bench.trained(examples[:200])
    assert len(list(tmp_path.glob("*/model.pt"))) == 2


def test_every_training_voice_is_doubted_by_a_model_that_did_not_see_it(tiny_encoders, clear_corpus, tmp_path):
    bench = open_bench(clear_corpus, None, Recipe(epochs=1, layers=None), tmp_path, str(tiny_encoders["bert-unigram"]))
    found = doubts(bench, clear_corpus)
    assert all(doubt.furthest[1] >= STRONG for doubt in found)
    assert len(list(tmp_path.glob("*/model.pt"))) == 2
    with pytest.raises(TrainingError, match="7 training voices or more are needed, there are 6"):
        doubts(bench, clear_corpus, folds=7)


def test_labels_at_odds_with_a_sure_prediction_are_doubted(clear_corpus, tmp_path):
    examples = clear_corpus.split("train")
    rng = np.random.default_rng(0)
    chances = np.where(
        truth(examples) > 0, rng.uniform(0.6, 0.9, (len(examples), 11)), rng.uniform(0.0, 0.2, (len(examples), 11))
    )
    wrong = [row for row, example in enumerate(examples) if example.id.startswith("wrong")]
    chances[wrong[0], LABEL_NAMES.index("peer_influence/pact")] = 0.99
    chances[wrong[1]] = 0.01
    assert {doubt.example.id for doubt in doubted(examples, chances)} == {"wrong-1", "wrong-2"}
    write_doubts(tmp_path / "doubts.csv", doubted(examples, chances))
    written = (tmp_path / "doubts.csv").read_text(encoding="utf-8")
    assert "wrong-1,,peer_influence/pact,peer_influence/pact 0.99" in written


def test_fewer_layers_and_too_many(tiny_encoders, clear_corpus, tmp_path):
    for layers in (1, 3):
        recipe = Recipe(epochs=1, layers=layers)
        bench = open_bench(clear_corpus, None, recipe, tmp_path, str(tiny_encoders["bert-wordpiece"]))
        if layers == 3:
            with pytest.raises(TrainingError, match="layers: must be 1 to 2"):
                bench.trained(clear_corpus.split("train"))
        else:
            assert len(bench.trained(clear_corpus.split("train")).encoder.encoder.layer) == 1


@pytest.mark.parametrize("attention", [True, False])
def test_labels_learn_their_own_attention_only_when_asked(attention, tiny_encoders, clear_corpus, tmp_path):
    recipe = Recipe(epochs=1, layers=1, attention=attention)
    bench = open_bench(clear_corpus, None, recipe, tmp_path, str(tiny_encoders["bert-wordpiece"]))
    assert bool(bench.trained(clear_corpus.split("train")).query.weight.any()) == attention


def test_voices_of_a_smaller_share_are_in_the_larger(clear_corpus):
    order = shuffled_voices(clear_corpus, 1)
    assert sorted(order) == [f"v{number}" for number in range(6)]
    assert order == shuffled_voices(clear_corpus, 1)
    parts = [set(first_voices(order, share)) for share in (0.01, 0.34, 0.5, 1.0)]
    assert [len(part) for part in parts] == [1, 2, 3, 6]
    assert parts[0] < parts[1] < parts[2] < parts[3]


def test_figures_of_a_perfect_model_and_of_none(example):
    messages = [example(f"m {number}", id=f"m-{number}", labels=[name]) for number, name in enumerate(LABEL_NAMES)]
    messages += [example(f"s {number}", id=f"s-{number}", kind="N1") for number in range(40)]
    perfect = measured(messages, lambda rows, title: truth(messages), None, [])
    assert perfect["map"]["value"] == perfect["recall"]["value"] == perfect["any_auroc"]["value"] == 1.0
    assert set(perfect["ap"].values()) == {1.0}
    none = measured(messages, lambda rows, title: np.zeros((len(rows), len(LABEL_NAMES))), None, [])
    assert none["any_auroc"]["value"] == 0.5
    assert none["recall"]["value"] == 0.0


def test_curve_measures_carriers_and_real_sentences(vangnet_train, tiny_encoders, small_corpus, sentences, tmp_path):
    out, base = tmp_path / "curve.json", tiny_encoders["bert-wordpiece"]
    trial = ("--layers", 2, "--epochs", 1, "--base", base, "--corpus", small_corpus, "--work", tmp_path / "work")
    probe = tmp_path / "probe.txt"
    probe.write_text("de bakker is dicht\nhet regent alweer\n", encoding="utf-8")
    seen = vangnet_train("curve", "--out", out, "--presumed-safe", sentences, "--probe", sentences, *trial)
    assert "where training sees them" in seen.output
    result = vangnet_train("curve", "--out", out, "--presumed-safe", sentences, "--probe", probe, *trial)
    assert result.exit_code == 0, result.output
    points = json.loads(out.read_text(encoding="utf-8"))
    assert [point["share"] for point in points] == [0.125, 0.25, 0.5, 1.0]
    assert set(points[-1]["ap"]) == set(LABEL_NAMES)
    assert 0 <= points[-1]["spliced"]["recall_spliced"] <= 1
    assert 0 <= points[-1]["probe"]["chat_spelling_per_1000"] <= 1000
    assert "recall on real messages is unknown" in result.output


def test_curve_needs_validation_voices(tiny_encoders, clear_corpus, sentences, tmp_path):
    real = read_presumed_safe(sentences)
    bench = open_bench(clear_corpus, real, RECIPE, tmp_path, str(tiny_encoders["bert-wordpiece"]))
    with pytest.raises(TrainingError, match="no validation voices"):
        learning_curve(bench, clear_corpus)


def test_a_teacher_is_learnt_from(clear_corpus, tiny_encoders, tmp_path):
    """A student whose loss is the teacher's alone follows a teacher that calls everything a pact."""
    examples = clear_corpus.split("train")
    column = LABEL_NAMES.index("peer_influence/pact")
    logits = np.full((len(examples), len(LABEL_NAMES)), -6.0)
    logits[:, column] = 6.0
    teacher = Teacher("0" * 64, {key_of(one.message): row for row, one in enumerate(examples)}, logits)
    recipe = Recipe(epochs=3, learning_rate=3e-3, layers=1, distillation=1.0)
    bench = open_bench(clear_corpus, None, recipe, tmp_path, str(tiny_encoders["bert-wordpiece"]), teacher)
    safe = [one.message for one in examples if not one.labels][:20]
    taught = torch_logits(bench.trained(examples), bench.encoder, safe, bench.pad, "")
    plain = torch_logits(replace(bench, teacher=None).trained(examples), bench.encoder, safe, bench.pad, "")
    assert (taught[:, column] > 0).all()
    assert (plain[:, column] < 0).all()
    assert len(list(tmp_path.glob("*/model.pt"))) == 2
