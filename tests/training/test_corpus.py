"""The written corpus itself: what it promises to hold, and that its data card tells the truth."""

from pathlib import Path

import pytest

from classifier.kinds import SAFE_KINDS, WORDINGS
from classifier.labels import LABEL_NAMES
from training.agreement import FOLDER, read_labelled
from training.conversations import read_conversations
from training.corpus_check import counts_table, find
from training.corpus_files import SPLITS, read_corpus, summary

CARD = Path(__file__).parents[2] / "docs" / "data-card.md"
FEWEST_VOICES = {"train": 32, "validation": 6, "calibration": 10, "test": 12}
FEWEST_KIND = {"N9": 4_500, "N13": 1_500, "N8": 1_000}


@pytest.fixture(scope="module")
def corpus():
    return read_corpus()


def test_counts(corpus):
    counts = summary(corpus.examples)
    assert counts["messages"] >= 20_000
    assert 0.55 <= 1 - counts["risky"] / counts["messages"] <= 0.70
    assert min(counts["labels"][name] for name in LABEL_NAMES) >= 650
    assert min(counts["wordings"][code] for code in WORDINGS) >= 250
    for kind in SAFE_KINDS:
        assert counts["kinds"][kind] >= FEWEST_KIND.get(kind, 450)
    assert counts["pairs"] >= 2_000


def test_context_stands_before_safe_and_risky_alike(corpus):
    for risky in (False, True):
        group = [example for example in corpus.examples if example.risky == risky]
        assert 0.28 <= sum(bool(example.message.context) for example in group) / len(group) <= 0.38


def test_contrast_partners_differ_in_risk_and_many_share_their_text(corpus):
    by_id = {example.id: example for example in corpus.examples}
    partners = [(example, by_id[example.pair]) for example in corpus.examples if example.risky and example.pair]
    assert all(not other.risky for _, other in partners)
    assert sum(one.message.text == other.message.text for one, other in partners) >= 600


def test_splits_hold_every_label_and_region_in_three_voices(corpus):
    for split in SPLITS:
        examples = corpus.split(split)
        assert len({example.voice for example in examples}) >= FEWEST_VOICES[split]
        for name in LABEL_NAMES:
            assert len({example.voice for example in examples if name in example.labels}) >= 3
        for region in ("NL", "Flanders"):
            assert len({example.voice for example in examples if region in corpus.regions[example.voice]}) >= 3
    test = summary(corpus.split("test"))
    assert min(test["labels"].values()) >= 80
    assert test["kinds"]["N9"] >= 1_200


def test_test_voices_are_labelled_twice_more_and_others_once(corpus):
    twice = {row.id for row in read_labelled(FOLDER / "test-voices.csv") if {"second", "third"} <= set(row.hands)}
    assert twice == {example.id for example in corpus.split("test")}
    once = [row for row in read_labelled(FOLDER / "other-voices.csv") if "second" in row.hands]
    assert len(once) >= 3_000
    assert {row.id for row in once} <= {example.id for example in corpus.examples}


def test_nothing_must_be_mended(corpus):
    conversations, writers = read_conversations()
    assert find(corpus, conversations, writers).faults == ()


def test_conversations():
    conversations, splits = read_conversations()
    assert len(conversations) >= 200
    assert set(splits.values()) == set(SPLITS)
    risky = sum(one.risk_from is not None for one in conversations)
    assert 0.4 <= risky / len(conversations) <= 0.6
    assert len({one.id for one in conversations}) == len(conversations)


def test_data_card_shows_the_counts_of_the_files(corpus):
    conversations, splits = read_conversations()
    assert counts_table(corpus, conversations, splits) in CARD.read_text(encoding="utf-8")
