"""Fingerprints of test cases, by which training refuses them without reading them."""

import hashlib
import re
from collections.abc import Iterator

from classifier.message import Message

WINDOW = 8
"""Words that two texts must share in a row to count as overlapping."""
_WORD = re.compile(r"\w+")


def fingerprints(message: Message) -> Iterator[str]:
    """Hashes (12 hexadecimal digits) of every run of `WINDOW` words of the text, in lower case.

    A shorter text has one hash, together with its context: on its own it may be anything that people say.
    """
    words = _words(message.text)
    if len(words) >= WINDOW:
        for first in range(len(words) - WINDOW + 1):
            yield _hash(" ".join(words[first : first + WINDOW]))
    else:
        before = [" ".join(_words(turn.text)) for turn in message.context]
        yield _hash("\n".join([*before, " ".join(words)]))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
