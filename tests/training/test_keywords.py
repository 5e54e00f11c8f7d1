import pytest

from training.keywords import spans


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ik denk aan zelfmoord", ["zelfmoord"]),
        ("ZELFMOORDPLANNEN, echt", ["ZELFMOORDPLANNEN"]),
        ("ik wil   dood", ["wil   dood"]),
        ("wij shoppen in den haag", []),
        ("", []),
    ],
)
def test_listed_words_are_found_whole_and_in_any_case(text, found):
    assert [text[start:end] for start, end in spans(text)] == found
