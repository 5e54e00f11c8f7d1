"""Near duplicates among messages, by MinHash over character shingles (Broder 1997)."""

from collections.abc import Iterator, Sequence

from datasketch import MinHash, MinHashLSH

from classifier.normalise import normalise
from training.corpus_files import Example

SIMILARITY = 0.7
"""Jaccard similarity of shingles from which two messages count as nearly the same."""
FEWEST_WORDS = 6
"""Shorter messages ("ja hoor", "hoe laat dan") are rightly the same everywhere."""
_SHINGLE = 4
_PERMUTATIONS = 64


def near_duplicates(examples: Sequence[Example]) -> Iterator[tuple[Example, Example, float]]:
    """Pairs of messages that are nearly the same in text and context, with their Jaccard similarity.

    Contrast partners are left out, and so are messages that have fewer than six words, context included.

    Args:
        examples: Messages of one split or of several.
    """
    index = MinHashLSH(threshold=SIMILARITY, num_perm=_PERMUTATIONS)
    shingles: list[set[str]] = []
    compared: list[Example] = []
    for example in examples:
        content = " / ".join([*(turn.text for turn in example.message.context), example.message.text])
        if len(content.split()) < FEWEST_WORDS:
            continue
        own = _shingles(content)
        sketch = MinHash(num_perm=_PERMUTATIONS, seed=1)
        sketch.update_batch([shingle.encode() for shingle in sorted(own)])
        for found in sorted(index.query(sketch)):
            other = compared[found]
            similarity = len(own & shingles[found]) / len(own | shingles[found])
            if similarity >= SIMILARITY and other.pair != example.id:
                yield other, example, round(similarity, 2)
        index.insert(len(compared), sketch)
        compared.append(example)
        shingles.append(own)


def _shingles(text: str) -> set[str]:
    plain = " ".join(normalise(text).split())
    return {plain[start : start + _SHINGLE] for start in range(max(1, len(plain) - _SHINGLE + 1))}
