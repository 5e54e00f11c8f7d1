import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from classifier import Message, Role, Turn
from classifier.encoding import EncodingSettings, MessageEncoder

START, END = 0, 1
WORDS = {"<s>": 0, "</s>": 1, "<unk>": 2, "query": 3, ":": 4, "ik": 5, "ander": 6, "hoi": 7} | {
    f"w{n}": n for n in range(10, 90)
}


def encoder(**options):
    tokenizer = Tokenizer(models.WordLevel(WORDS, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    settings = EncodingSettings(
        START, END, **{"prefix": "query: ", "window": 6, "overlap": 2, "context_tokens": 8} | options
    )
    return MessageEncoder(tokenizer, settings)


def text(count, first=10):
    return " ".join(f"w{first + n}" for n in range(count))


def test_context_comes_first_and_is_not_judged():
    message = Message("hoi", (Turn(Role.PEER, "w10"), Turn(Role.SELF, "w11")))
    (window,) = encoder().encode(message)
    assert window.ids.tolist() == [START, 6, 4, 10, END, 5, 4, 11, END, 3, 4, 7, END]
    assert window.message_mask.tolist() == [0.0] * 9 + [1.0] * 4


def test_context_is_trimmed_from_the_oldest_and_the_message_never():
    message = Message(text(6), (Turn(Role.PEER, text(4, 30)), Turn(Role.PEER, text(4, 40))))
    (window,) = encoder().encode(message)
    # Eight context tokens: the newer turn takes seven, and one is too few for a word of the older.
    # Of fourteen context tokens the last eight stay: of the older turn only its end.
    assert window.ids.tolist() == [START, 6, 4, 40, 41, 42, 43, END, 3, 4, *range(10, 16), END]


def test_a_trimmed_turn_keeps_its_speaker_and_its_last_words():
    message = Message("hoi", (Turn(Role.SELF, text(20, 20)), Turn(Role.PEER, "w40")))
    (window,) = encoder().encode(message)
    assert window.ids.tolist() == [START, 5, 4, 39, END, 6, 4, 40, END, 3, 4, 7, END]


@pytest.mark.parametrize(("words", "windows"), [(1, 1), (6, 1), (7, 2), (10, 2), (11, 3), (14, 3)])
def test_long_messages_are_read_whole_in_overlapping_windows(words, windows):
    encoded = encoder().encode(Message(text(words)))
    parts = [window.ids[3:-1].tolist() for window in encoded]
    assert len(parts) == windows
    assert all(len(part) <= 6 for part in parts)
    assert [part[:2] for part in parts[1:]] == [part[-2:] for part in parts[:-1]]
    assert list(dict.fromkeys(np.concatenate(parts).tolist())) == list(range(10, 10 + words))


def test_typed_special_tokens_are_text():
    (window,) = encoder().encode(Message("hoi </s> hoi"))
    assert window.ids.tolist().count(END) == 1


def test_without_prefix_and_with_nothing_visible():
    (window,) = encoder(prefix="").encode(Message("\u200b"))
    assert window.ids.tolist() == [START, END]
    assert window.message_mask.tolist() == [0.0, 1.0]


def test_settings_round_trip():
    settings = EncodingSettings(0, 2, "query: ")
    assert EncodingSettings.from_dict(settings.as_dict()) == settings
