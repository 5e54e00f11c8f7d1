from hypothesis import given
from hypothesis import strategies as st

from classifier import Message
from classifier.fingerprints import WINDOW, fingerprints
from classifier.message import Role, Turn

LONG = "vanavond eten we soep met brood en daarna kijken we een film op de bank"


def shared(one, other):
    return set(fingerprints(one)) & set(fingerprints(other))


def test_runs_of_words_are_shared_whatever_stands_around_them():
    run = " ".join(LONG.split()[:WINDOW])
    assert shared(Message(LONG), Message(f"Zeg, {run.upper()}! En jij?"))
    assert not shared(Message(LONG), Message(" ".join(LONG.split()[: WINDOW - 1]) + " lekker hoor"))


def test_short_text_counts_with_its_context_only():
    before = (Turn(Role.PEER, "denk je er nu aan?"),)
    assert not shared(Message("ja"), Message("ja", before))
    assert shared(Message("Ja.", before), Message("ja", (Turn(Role.PEER, "Denk je er nu aan"),)))


def test_context_of_a_long_text_does_not_matter():
    assert shared(Message(LONG), Message(LONG, (Turn(Role.SELF, "iets anders"),)))


@given(st.text(min_size=1, max_size=300).filter(lambda text: text.isprintable()))
def test_every_text_has_short_hashes(text):
    found = list(fingerprints(Message(text)))
    assert found
    assert all(len(one) == 12 and int(one, 16) >= 0 for one in found)
