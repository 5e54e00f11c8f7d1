import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import Message, MessageError, Role, Turn
from classifier.message import MAX_CONTEXT, MAX_TEXT


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": 5}, "text"),
        ({"text": "a" * (MAX_TEXT + 1)}, "text"),
        ({"text": "\ud800"}, "text"),
        ({"text": "hoi", "context": "hoi"}, "context"),
        ({"text": "hoi", "context": [{"role": "peer", "text": "a"}] * (MAX_CONTEXT + 1)}, "context"),
        ({"text": "hoi", "context": ["a"]}, "context[0]"),
        ({"text": "hoi", "context": [{"role": "peer"}]}, "context[0]"),
        ({"text": "hoi", "context": [{"role": "mod", "text": "a"}]}, "context[0].role"),
        ({"text": "hoi", "context": [{"role": ["peer"], "text": "a"}]}, "context[0].role"),
        ({"text": "hoi", "context": [{"role": "peer", "text": "a"}, {"role": "self", "text": ""}]}, "context[1].text"),
    ],
)
def test_limits_name_the_field(source, field):
    with pytest.raises(MessageError) as caught:
        Message.from_mapping(source)
    assert caught.value.field == field


def test_limits_are_inclusive():
    full = {"text": "a" * MAX_TEXT, "context": [{"role": "self", "text": "a"}] * MAX_CONTEXT}
    assert len(Message.from_mapping(full).context) == MAX_CONTEXT


def test_missing_context_and_null_are_none():
    assert Message.from_mapping({"text": "hoi", "context": None}) == Message.from_mapping({"text": "hoi"})


@given(st.text(min_size=12, max_size=40).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)))
def test_repr_and_errors_never_hold_the_text(text):
    message = Message(text, (Turn(Role.PEER, text),))
    assert text not in repr(message)
    assert text not in repr(message.context)
    with pytest.raises(MessageError) as caught:
        Message.from_mapping({"text": text * 1000, "context": [{"role": text, "text": text}]})
    assert text not in str(caught.value)
