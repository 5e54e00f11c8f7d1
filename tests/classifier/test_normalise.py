import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.normalise import normalise


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("z3lfm00rd", "zelfmoord"),
        ("d 0 o d", "d 0 o d"),
        ("z e l f m o o r d", "zelfmoord"),
        ("ik wil d.o.o.d zijn", "ik wil dood zijn"),
        ("ik  z-e-l-f  niet", "ik zelf niet"),
        ("d\u200bo\u200bo\u200bd", "dood"),
        ("\u202edood\u202c", "dood"),
        ("dооd", "dood"),  # Cyrillic о
        ("ＤＯＯＤ", "dood"),
        ("𝓭𝓸𝓸𝓭", "dood"),
        ("d̶o̶o̶d̶", "dood"),
        ("neeeeeee", "nee"),
        ("stop!!!!!!!!", "stop!!!"),
        ("  GA   weg \n", "ga weg"),
        ("z e l f m о o r d", "zelfmoord"),  # one Cyrillic о, joined first
        ("dооd DООD", "dood dood"),
        ("İk wil", "ik wil"),
        ("\ufdfa" * 3 + " hoi", "hoi"),
    ],
)
def test_disguises_are_undone(typed, read):
    assert normalise(typed) == read


@pytest.mark.parametrize(
    "text",
    [
        "hoe laat is het? om 10:30 of 11u?",
        "m.a.w. dat kost a.u.b. € 12,50",
        "w8 ff, suc6 met je toets",
        "één coördinator in belgië, geïnd à 5%",
        "optie a, b of c",
        "ik heb 3 boeken en een ps5",
        "сахар is russisch voor suiker",
        "https://voorbeeld.nl/pad?x=1",
        "zeeën en geëerd",
        "😂😂 lekker dan",
        "...",
    ],
)
def test_ordinary_text_is_left_alone(text):
    assert normalise(text) == text


@given(st.text(max_size=200))
def test_idempotent_and_visible_only(text):
    _check_idempotent(text)


@pytest.mark.parametrize("capital", "ГПҺӀԀİЯЖΗΖΩÅﬁ")
def test_idempotent_where_capitals_and_small_letters_differ(capital):
    for text in (capital, f"zelfmo{capital}", f"z e {capital} f m", f"{capital}{capital}{capital}a"):
        _check_idempotent(text)


def _check_idempotent(text):
    once = normalise(text)
    assert normalise(once) == once
    assert not any(unicodedata.category(character) in ("Cf", "Cc") for character in once)
