"""The baselines on messages in which a word of its own gives each label away."""

import json

import numpy as np

from classifier import Message
from classifier.metrics import auroc
from training.baselines import frozen_scores, keyword_scores, tfidf_scores
from training.finetune import Recipe
from training.rows import truth
from training.trials import open_bench


def test_keyword_list_counts_words_of_the_newest_message(example):
    message = example("ik denk aan zelfmoord, echt zelfmoord", "wil dood").message
    assert keyword_scores([message, Message("hoi")]).tolist() == [[2.0], [0.0]]


def test_tfidf_learns_words_and_keeps_context_apart(clear_corpus, example):
    examples = clear_corpus.split("train")
    scores = tfidf_scores(examples, [row.message for row in examples])
    wanted = truth(examples).any(1)
    assert scores.shape == (len(examples), 11)
    assert auroc(wanted, scores.max(1)) > 0.95
    said, heard = (example(*turns).message for turns in (("fiets pact",), ("fiets", "pact")))
    column = int(np.argmax(tfidf_scores(examples, [said])[0]))
    assert tfidf_scores(examples, [said])[0, column] > tfidf_scores(examples, [heard])[0, column]


def test_frozen_encoder_separates_what_its_probe_was_fitted_on(tiny_encoders, clear_corpus, tmp_path):
    bench = open_bench(clear_corpus, None, Recipe(layers=None), tmp_path, str(tiny_encoders["bert-wordpiece"]))
    examples = clear_corpus.split("train")
    scores = frozen_scores(bench, examples, [row.message for row in examples])
    assert auroc(truth(examples).any(1), scores.max(1)) > 0.8


def test_command_prints_every_system(vangnet_train, bundle_folder, tiny_encoders, small_corpus, tmp_path):
    out, base = tmp_path / "baselines.json", tiny_encoders["bert-wordpiece"]
    trial = ("--layers", 2, "--base", base, "--corpus", small_corpus, "--work", tmp_path / "work")
    result = vangnet_train("baselines", bundle_folder, "--out", out, *trial)
    assert result.exit_code == 0, result.output
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert len(figures) == 4
    assert "map" not in figures["keyword list"]
    assert all(f"| {name} |" in result.output for name in figures)
    assert "recall on real messages is unknown" in result.output
