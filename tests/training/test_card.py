import json
import shutil

import pytest
from click.testing import CliRunner

from training.cli import main
from training.corpus_files import FOLDER, read_corpus, read_splits
from training.inputs import digest


def figure(value):
    return {"value": value, "low": 0.1, "high": 0.95}


def block(recall):
    return {"positives": 7, "recall": figure(recall), "precision": figure(0.5), "f1": figure(0.6), "ap": figure(0.7),
            "auroc": figure(0.8)}  # fmt: skip


@pytest.fixture
def folder(bundle_folder, tmp_path):
    return shutil.copytree(bundle_folder, tmp_path / bundle_folder.name)


@pytest.fixture
def results(folder, tmp_path):
    figures = {
        "messages": 100,
        "clusters": 4,
        "any_risk": {**block(0.777), "false_alarm_rate": figure(0.01)},
        "intent_found": figure(None),
        "areas": {"self_harm": block(0.6)},
        "labels": {"self_harm/intent": block(0.5)},
        "macro_f1": figure(0.4),
        "everyday": {"messages": 50, "flagged": 1, "rate": 0.02, "low": 0.0, "high": 0.1},
        "look_alikes": {},
        "kinds": {"N9": {"risky": False, "messages": 50, "flagged": 1, "rate": 0.02, "low": 0.0, "high": 0.1}},
    }
    path = tmp_path / "results.json"
    test_voices = [FOLDER / f"{voice}.jsonl" for voice, split in read_splits().items() if split == "test"]
    measured = {"bundle": folder.name, "data": digest(test_voices), "figures": figures, "presumed_safe": {}}
    path.write_text(json.dumps(measured), encoding="utf-8")
    return path


def card(folder, results):
    return CliRunner().invoke(main, ["card", str(folder), "--results", str(results)])


def test_card_shows_measured_figures_and_the_caveat(folder, results):
    assert card(folder, results).exit_code == 0
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "0.777 (0.100-0.950)" in text
    assert "| `self_harm/intent` | 7 | 0.500" in text
    assert "recall on real messages is unknown until you measure it" in text
    assert "`intent` found by any self-harm label | - |" in text


def test_card_shows_no_training_text(folder, results):
    card(folder, results)
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert not [one.id for one in read_corpus().examples if len(one.message.text) > 20 and one.message.text in text]


def test_results_on_other_voices_are_refused(folder, results):
    measured = json.loads(results.read_text(encoding="utf-8"))
    measured["data"].popitem()
    results.write_text(json.dumps(measured), encoding="utf-8")
    done = card(folder, results)
    assert done.exit_code == 1
    assert "was not measured on the test voices" in done.output


def test_results_of_another_bundle_are_refused(folder, results):
    results.write_text(results.read_text(encoding="utf-8").replace(folder.name, "vangnet-9.9.9"), encoding="utf-8")
    done = card(folder, results)
    assert done.exit_code == 1
    assert "vangnet-9.9.9" in done.output
    assert "results.json" in card(folder, results.with_name("results.json.none")).output
