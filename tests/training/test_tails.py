import random

from training.tails import with_tail

TEXT = "ik weet het even niet meer"


def test_the_text_stays_and_as_many_as_asked_get_a_part():
    rng = random.Random(1)
    made = [with_tail(TEXT, rng, 0.2) for _ in range(5_000)]
    assert all(TEXT in one for one in made)
    changed = [one for one in made if one != TEXT]
    assert abs(len(changed) - 1_000) < 120
    assert abs(sum(not one.startswith(TEXT) for one in changed) - len(changed) / 4) < 60
    assert not any("{" in one for one in made)
    assert any("06" in one for one in made)


def test_without_a_share_nothing_changes():
    assert with_tail(TEXT, random.Random(1), 0.0) == TEXT
