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
        "slices": {
            "context": {
                "with context": {"messages": 9, "risky": 4, "recall": figure(0.321), "false_alarm_rate": figure(0.2)}
            }
        },
        "pairs": {"identical": {"pairs": 12, "both_right": figure(0.654)}},
        "kinds": {"N9": {"risky": False, "messages": 50, "flagged": 1, "rate": 0.02, "low": 0.0, "high": 0.1}},
    }
    path = tmp_path / "results.json"
    test_voices = [FOLDER / f"{voice}.jsonl" for voice, split in read_splits().items() if split == "test"]
    measured = {"bundle": folder.name, "data": digest(test_voices), "figures": figures, "presumed_safe": {}}
    reliability = {"slope": 1.111, "intercept": 0.0, "brier_skill": 0.3, "calibration_error": 0.01}
    measured["calibration"] = {"mix": reliability, "data": reliability, "share_of_risk_in_data": 0.4}
    measured["latency"] = {"processor": "Rekenaar 5", "tokens": {"16": {"median_ms": 1.23, "p95_ms": 2.5}}}
    measured["disguised"] = {
        "messages": 7,
        **dict.fromkeys(("recall_plain", "recall_disguised", "lost"), figure(0.042)),
    }
    path.write_text(json.dumps(measured), encoding="utf-8")
    return path


def card(folder, results):
    return CliRunner().invoke(main, ["card", str(folder), "--results", str(results)])


def test_card_shows_measured_figures_and_the_caveat(folder, results):
    assert card(folder, results).exit_code == 0
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "0.777 (0.100-0.950)" in text
    assert "| `self_harm/intent` | 7 | 0.500" in text
    assert "| with context | 9 | 4 | 0.321" in text
    assert "under different context, both right: 0.654 (0.100-0.950) of 12" in text
    assert "copies of 7 risky messages (`vangnet-train disguise`): recall 0.042" in text
    assert "| 40% risky, safe messages mixed as there | 1.111 |" in text
    assert "Rekenaar 5" in text
    assert "| 16 tokens | 1.23 | 2.50 |" in text
    assert "recall on real messages is unknown until you measure it" in text
    assert "`intent` found by any self-harm label | - |" in text


def test_versions_are_kept_and_a_new_card_of_one_replaces_its_row(folder, results):
    history = folder.parent / "history.json"
    older = {
        "version": "oud-0.0.1",
        "created": "2020-01-01",
        "messages": 5,
        "auroc": "a",
        "recall": "b",
        "macro_f1": "c",
    }
    history.write_text(json.dumps([older]), encoding="utf-8")
    for _ in range(2):
        card(folder, results)
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert [entry["version"] for entry in json.loads(history.read_text())] == ["oud-0.0.1", folder.name]
    assert "| oud-0.0.1 | 2020-01-01 | 5 | a | b | c |" in text
    assert f"| {folder.name} | " in text


def test_the_run_that_a_model_went_on_from_is_named(folder, results):
    card(folder, results)
    assert "Went on from" not in (folder / "README.md").read_text(encoding="utf-8")
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["training"]["start"] = {"run": "eerder", "sha256": "0123456789abcdef99", "finetuning_minutes": 94.4}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert card(folder, results).exit_code == 0
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert (
        "Went on from the model of `eerder` (SHA-256 `0123456789abcdef`), which had been fine-tuned for 94 minutes."
        in text
    )


def test_results_of_an_older_evaluation_change_nothing(folder, results):
    measured = json.loads(results.read_text(encoding="utf-8"))
    del measured["latency"]
    results.write_text(json.dumps(measured), encoding="utf-8")
    before = (folder / "README.md").read_bytes()
    assert "lacks 'latency'; measure again" in card(folder, results).output
    assert (folder / "README.md").read_bytes() == before
    assert not (folder.parent / "history.json").exists()


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
