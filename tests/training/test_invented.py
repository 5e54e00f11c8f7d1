import random
import re

from hypothesis import given
from hypothesis import strategies as st

from classifier.normalise import normalise
from training.invented import invent

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=120)


@given(TEXTS, st.integers(0, 1000))
def test_a_text_with_a_word_never_becomes_empty(text, seed):
    assert normalise(invent(f"ja {text}", random.Random(seed), share=1.0))


def test_medicines_get_names_that_mean_nothing():
    many = [invent("ik slik sertraline en andere pillen", random.Random(seed), share=1.0) for seed in range(50)]
    assert len(set(many)) > 40
    assert sum("sertraline" in text for text in many) < 30


def test_numbers_change_and_keep_their_length_and_help_lines_stay():
    for seed in range(30):
        text = invent("bel 113, in lokaal 24 of om 8 uur", random.Random(seed), share=1.0)
        numbers = re.findall(r"\d+", text)
        assert numbers[0] == "113"
        assert [len(number) for number in numbers] == [3, 2, 1]


def test_times_and_ordinary_words_stay():
    for seed in range(30):
        text = invent("om 14.30 of 24/7, zegt het magazine", random.Random(seed), share=0.99)
        assert "14.30 of 24/7, zegt het magazine" in text


def test_share_zero_changes_nothing():
    text = "lokaal 24, pillen van oma"
    assert all(invent(text, random.Random(seed), share=0.0) == text for seed in range(20))
