import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.normalise import normalise
from training.noise import chat_spelling, disguise, emoji, roughen, typos

SENTENCE = "Ik heb misschien even geen zin, want ik weet niet wat ik moet zeggen."
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=120)
FUNCTIONS = (chat_spelling, typos, disguise, emoji, roughen)


@given(TEXTS, st.integers(0, 1000))
def test_a_text_with_a_word_never_becomes_empty(text, seed):
    for function in FUNCTIONS:
        rough = function(f"ja {text}", random.Random(seed))
        assert normalise(rough)


@pytest.mark.parametrize("text", ["...", "?!", "😂", ".", "!!!", "…"])
def test_a_text_of_signs_alone_never_becomes_empty(text):
    assert all(function(text, random.Random(seed)) for function in FUNCTIONS for seed in range(100))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_same_seed_same_text_and_seeds_differ(function):
    many = {function(SENTENCE, random.Random(seed)) for seed in range(40)}
    assert function(SENTENCE, random.Random(3)) == function(SENTENCE, random.Random(3))
    assert len(many) > 5


def test_chat_spelling_joins_and_shortens():
    rough = " ".join(chat_spelling(SENTENCE, random.Random(seed), strength=1.0) for seed in range(20))
    for word in ("kheb", "kweet", "mss", "ff"):
        assert word in rough


def test_strength_zero_changes_no_word():
    assert chat_spelling("dat is niet goed", random.Random(1), strength=0.0).split()[:3] == ["dat", "is", "niet"]


def test_letters_that_only_look_like_a_known_word_are_left():
    assert "nı" in chat_spelling("dat is nıet goed", random.Random(2), strength=1.0)


def test_disguise_keeps_length_or_adds_separators():
    for seed in range(50):
        rough = disguise("zelfmoord plegen vanavond", random.Random(seed))
        assert rough != "zelfmoord plegen vanavond"
        assert len(rough) >= len("zelfmoord plegen vanavond")
    assert disguise("ik ga nu", random.Random(1)) == "ik ga nu"  # no word is long enough


def test_typos_stay_close():
    changed = typos(SENTENCE * 5, random.Random(0), rate=0.04)
    assert changed != SENTENCE * 5
    assert abs(len(changed) - len(SENTENCE * 5)) < 20


def test_command_disguises_the_risky_messages_and_keeps_their_ids(vangnet_train, small_corpus):
    path = small_corpus / "test.jsonl"
    rows = {row["id"]: row for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()) if row["labels"]}
    done = vangnet_train("disguise", path)
    assert done.exit_code == 0, done.output
    copies = [json.loads(line) for line in done.output.splitlines()]
    assert [copy["id"] for copy in copies] == list(rows)
    assert all({**copy, "text": rows[copy["id"]]["text"]} == rows[copy["id"]] for copy in copies)
    assert sum(copy["text"] != rows[copy["id"]]["text"] for copy in copies) >= 0.8 * len(copies)
    assert vangnet_train("disguise", path).output == done.output


def test_command_adds_tails_to_whole_texts(vangnet_train, small_corpus):
    path = small_corpus / "test.jsonl"
    texts = {row["id"]: row["text"] for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())}
    rows = [json.loads(line) for line in vangnet_train("disguise", path, "--tails").output.splitlines()]
    assert rows
    assert all(texts[row["id"]] in row["text"] != texts[row["id"]] for row in rows)
