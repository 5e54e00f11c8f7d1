"""Near duplicates among messages, by MinHash over character shingles (Broder 1997)."""

from collections.abc import Iterator, Sequence

from datasketch import MinHash, MinHashLSH

from classifier.message import Message
from classifier.normalise import normalise

SIMILARITY = 0.7
"""Jaccard similarity of shingles from which two messages count as nearly the same."""
FEWEST_WORDS = 6
"""Shorter messages ("ja hoor", "hoe laat dan") are rightly the same everywhere."""
_SHINGLE = 4
_BANDS, _ROWS = 21, 3
"""Bands and rows of the index: it finds a pair of similarity 0.7 in 1 - (1 - 0.7^3)^21 = 99.98 % of cases."""


def near_duplicates(messages: Sequence[Message]) -> Iterator[tuple[int, int, float]]:
    """Positions of two messages that are nearly the same in text and context, with their Jaccard similarity.

    Args:
        messages: Those with fewer than six words, context included, are not compared.
    """
    index = MinHashLSH(num_perm=_BANDS * _ROWS, params=(_BANDS, _ROWS))
    shingles: dict[int, set[str]] = {}
    for position, message in enumerate(messages):
        content = " / ".join([*(turn.text for turn in message.context), message.text])
        if len(content.split()) < FEWEST_WORDS:
            continue
        own = _shingles(content)
        sketch = MinHash(num_perm=_BANDS * _ROWS, seed=1)
        sketch.update_batch([shingle.encode() for shingle in sorted(own)])
        for other in sorted(index.query(sketch)):
            similarity = len(own & shingles[other]) / len(own | shingles[other])
            if similarity >= SIMILARITY:
                yield other, position, round(similarity, 2)
        index.insert(position, sketch)
        shingles[position] = own


def _shingles(text: str) -> set[str]:
    plain = " ".join(normalise(text).split())
    return {plain[start : start + _SHINGLE] for start in range(max(1, len(plain) - _SHINGLE + 1))}
