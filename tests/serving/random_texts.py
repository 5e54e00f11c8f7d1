"""Random texts over all of Unicode: letters of any script, marks, controls, surrogates, what is not assigned."""

import random
import sys
from collections.abc import Iterator

_BLOCKS = (
    (0x20, 0x7F),
    (0x00, 0x20),
    (0x80, 0x250),
    (0x300, 0x370),
    (0x600, 0x700),
    (0x2000, 0x2070),
    (0xD800, 0xE000),
)


def random_texts(count: int, seed: int = 0) -> Iterator[str]:
    """Texts of 1 to 60 code points, half of them from one block each, half from all of Unicode."""
    rng = random.Random(seed)
    for _ in range(count):
        low, high = rng.choice((*_BLOCKS, *((0, sys.maxunicode + 1),) * len(_BLOCKS)))
        yield "".join(chr(rng.randrange(low, high)) for _ in range(rng.randint(1, 60)))


def sendable(text: str) -> bool:
    """Whether UTF-8 can say it."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
