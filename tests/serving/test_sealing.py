"""Keys: what they open, what rotation keeps, and that a wrong one is named without being shown."""

import pytest
from cryptography.fernet import Fernet

from serving.sealing import Sealing, SealingError

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
CANARY = b"kanariegeel vogeltje"


def test_what_was_sealed_opens_and_nothing_of_it_shows():
    sealing = Sealing.ephemeral()
    sealed = sealing.seal(CANARY)
    assert CANARY not in sealed
    assert sealing.open(sealed) == CANARY
    assert sealing.seal(CANARY) != sealed


def test_a_new_key_in_front_seals_and_the_old_one_still_opens():
    before, rotated, after = Sealing([OLD]), Sealing([NEW, OLD]), Sealing([NEW])
    assert rotated.open(before.seal(CANARY)) == CANARY
    assert after.open(rotated.seal(CANARY)) == CANARY
    assert before.open(rotated.seal(CANARY)) is None


def test_what_was_changed_or_is_not_sealed_does_not_open():
    sealing = Sealing([OLD])
    sealed = sealing.seal(CANARY)
    assert sealing.open(sealed[:-4] + b"AAA=") is None
    assert sealing.open(CANARY) is None
    assert Sealing.ephemeral().open(sealed) is None


def test_names_stay_when_a_key_is_added_and_differ_by_key():
    before, rotated = Sealing([OLD]), Sealing([NEW, OLD])
    assert before.name("a", "b") == rotated.name("a", "b")
    assert before.name("a", "b") == Sealing([OLD + "\n"]).name("a", "b")
    assert before.name("a", "b") != Sealing([NEW]).name("a", "b")


def test_names_tell_where_one_part_ends():
    sealing = Sealing.ephemeral()
    parts = [("a", "bc"), ("ab", "c"), ("abc",), ("a", "b", "c"), ('a", "bc',)]
    assert len({sealing.name(*one) for one in parts}) == len(parts)


def test_packed_values_come_back_in_order_without_those_of_a_lost_key():
    mine, other = Sealing([OLD]), Sealing([NEW])
    entries = [mine.pack({"a": 1}), other.pack({"a": 2}), mine.pack({"a": "é"})]
    assert list(mine.unpack(entries)) == [{"a": 1}, {"a": "é"}]


@pytest.mark.parametrize("wrong", ["geheimpje", "é" * 44, "A" * 40, "A" * 48, ""])
def test_an_unusable_key_is_named_by_its_position_and_never_shown(wrong):
    with pytest.raises(SealingError, match="VANGNET_SECRETS: key 2") as caught:
        Sealing([OLD, wrong])
    assert not wrong or wrong not in str(caught.value)
    assert OLD not in str(caught.value)
    assert caught.value.__suppress_context__


def test_at_least_one_key_is_needed():
    with pytest.raises(SealingError, match="VANGNET_SECRETS"):
        Sealing([])
