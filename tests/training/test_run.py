"""The whole line on tiny random encoders in three formats: corpus to bundle to answer."""

import json
import random
from dataclasses import replace

import pytest
from click.testing import CliRunner

from classifier import Classifier, Message
from classifier.answer import judge
from classifier.bundle import read_bundle
from classifier.normalise import normalise
from training.base.load import load_base
from training.cli import main
from training.conversations import read_conversations
from training.conversations import summary as conversation_summary
from training.corpus_files import SPLITS, read_corpus, summary
from training.errors import TrainingError
from training.finetune import Recipe
from training.fit import message_encoder
from training.presumed_safe import read_presumed_safe
from training.run import RunSettings, run


@pytest.mark.parametrize("name", ["bert-wordpiece", "bert-unigram", "roberta-bpe"])
def test_any_encoder_becomes_a_bundle(name, tiny_encoders, small_corpus, small_conversations, sentences, tmp_path):
    settings = RunSettings(
        out=tmp_path / "models" / "klein-0.0.1",
        work=tmp_path / "work",
        base=str(tiny_encoders[name]),
        corpus=small_corpus,
        conversations=small_conversations,
        presumed_safe=sentences,
        cache=tmp_path / "cache",
        recipe=Recipe(epochs=10, learning_rate=3e-3, batch=8, layers=None),
    )
    classifier = Classifier.load(run(settings))
    bundle = classifier.bundle
    assert judge(classifier, Message("ik wil niet meer"))["versions"]["model"] == "klein-0.0.1"
    assert bundle.json("parity.json")["passed"]
    training = bundle.manifest["training"]
    assert training["base"]["name"] == str(tiny_encoders[name])
    assert training["presumed_safe"]["sha256"] == read_presumed_safe(sentences).sha256
    assert training["validation"].keys() == {"map", "any_auroc"}
    [conversation], _ = read_conversations(small_conversations)
    assert training["conversations"] == conversation_summary([conversation])
    corpus = read_corpus(small_corpus)
    assert training["corpus"] == {split: summary(corpus.split(split)) for split in SPLITS}
    with pytest.raises(TrainingError, match="is not empty"):
        run(settings)
    again = replace(settings, out=tmp_path / "models" / "klein-0.0.2")
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").glob("model.*")}
    assert len(stamps) == 3
    second = read_bundle(run(again))
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps  # neither trained nor exported again
    assert second.files["model.onnx"] == bundle.files["model.onnx"]
    assert second.manifest["training"] == training
    changed = replace(
        settings,
        out=tmp_path / "models" / "klein-0.0.3",
        recipe=Recipe(epochs=2, learning_rate=3e-3, batch=8, layers=None),
    )
    with pytest.raises(TrainingError, match="holds a run with another recipe"):
        run(changed)


def test_student_learns_from_a_finished_run(
    tiny_encoders, small_corpus, small_conversations, sentences, tmp_path, vangnet_train
):
    recipe = Recipe(epochs=10, learning_rate=3e-3, batch=8, layers=None, distillation=0.1)
    teaching = RunSettings(
        out=tmp_path / "groot-0.0.1",
        work=tmp_path / "groot",
        base=str(tiny_encoders["bert-unigram"]),
        corpus=small_corpus,
        conversations=small_conversations,
        presumed_safe=sentences,
        cache=tmp_path / "cache",
        recipe=recipe,
    )
    run(teaching)
    logits = tmp_path / "teacher.npz"
    sources = ("--corpus", small_corpus, "--conversations", small_conversations, "--out", logits)
    assert "holds no finished model" in vangnet_train("teach", tmp_path, *sources).output
    told = vangnet_train("teach", teaching.work, *sources)
    assert told.exit_code == 0, told.output
    settings = replace(teaching, out=tmp_path / "klein-0.0.1", work=tmp_path / "klein", teacher=logits)
    facts = read_bundle(run(settings)).manifest["training"]["teacher"]
    assert f"{facts['messages']} messages: " in told.output
    log = json.loads((settings.work / "log.json").read_text())
    losses = [entry["loss"] for entry in log if "loss" in entry]
    assert losses[-1] < losses[0]

    # A run that goes on from a finished one begins where that ended, under a vocabulary of its own.
    further = replace(
        teaching,
        out=tmp_path / "verder-0.0.1",
        work=tmp_path / "verder",
        presumed_safe=None,
        start=teaching.work,
        recipe=replace(recipe, epochs=1, learning_rate=1e-4),
    )
    facts = read_bundle(run(further)).manifest["training"]
    minutes = json.loads((teaching.work / "log.json").read_text())[-1]["minutes"]
    assert (facts["start"]["run"], facts["start"]["finetuning_minutes"]) == ("groot", minutes)
    [measured] = [entry for entry in json.loads((further.work / "log.json").read_text()) if "eval_map" in entry]
    before = [entry for entry in json.loads((teaching.work / "log.json").read_text()) if "eval_map" in entry]
    assert abs(measured["eval_map"] - before[-1]["eval_map"]) < abs(measured["eval_map"] - before[0]["eval_map"])
    with pytest.raises(TrainingError, match="holds no finished run"):
        run(replace(further, out=tmp_path / "verder-0.0.2", work=tmp_path / "weer", start=tmp_path))


def test_serving_reads_the_ids_that_transformers_gives(tiny_encoders, tmp_path):
    texts = [example.message.text for example in read_corpus().split("train")]
    for name, folder in tiny_encoders.items():
        base = load_base(str(folder), [], [], tmp_path)
        base.save(tmp_path / name)
        encoder = message_encoder(base, tmp_path / name / "tokenizer.json")
        for text in random.Random(0).sample(texts, 200):
            ids = encoder.encode(Message(text))[0].ids
            expected = base.tokenizer(normalise(text), add_special_tokens=False)["input_ids"][: encoder.settings.window]
            assert ids.tolist() == [base.tokenizer.cls_token_id, *expected, base.tokenizer.sep_token_id]


def test_command_names_what_is_wrong(tmp_path, small_corpus):
    def fails(*arguments):
        result = CliRunner().invoke(main, list(map(str, arguments)))
        assert result.exit_code == 1
        return result.output

    assert "must be named" in fails("run", "--out", tmp_path / "bundle")
    assert "voices.toml" in fails("run", "--out", tmp_path / "x-0.0.1", "--corpus", tmp_path)
    assert "--presumed-safe" in fails(
        "run", "--out", tmp_path / "x-0.0.1", "--corpus", small_corpus, "--presumed-safe", tmp_path / "nothing.txt"
    )
    output = fails("run", "--out", tmp_path / "x-0.0.1", "--corpus", small_corpus, "--base", tmp_path / "nothing")
    assert "nothing" in output
    assert not (tmp_path / "x-0.0.1").exists()


def test_shipped_bundle_passed_parity_on_real_rows(bundle_folder):
    parity = read_bundle(bundle_folder).json("parity.json")
    assert parity["passed"]
    assert parity["rows"] >= 200
    assert len(parity["labels"]) == 11
