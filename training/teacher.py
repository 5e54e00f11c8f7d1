"""A larger model's logits for the training messages and for unlabelled variants of them, which a smaller model learns from."""

import hashlib
import io
import random
import zipfile
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from classifier.labels import LABEL_NAMES
from classifier.message import Message, Turn
from training.corpus_files import Example
from training.errors import TrainingError

FILE = Path(__file__).parent / "teacher.npz"
VARIANT_SHARE = 0.4
"""Share of the training messages of which one variant is made."""
FEWEST_KNOWN = 0.8
"""Share of the training messages that the file must know; below it, it was made for another corpus. Others are learnt from
their labels alone."""
_HALVED = 12
"""Messages of this many words or more may be cut in half."""


@dataclass(frozen=True)
class Teacher:
    """Logits of a teacher.

    Attributes:
        sha256: Checksum of the file, for the manifest.
        rows: Per message key (`key_of`) the row in `logits`.
        logits: Shape (messages, labels).
    """

    sha256: str
    rows: dict[int, int]
    logits: np.ndarray

    def of(self, message: Message) -> list[float] | None:
        """Logits (labels,) of one message, or None where the teacher never read it."""
        row = self.rows.get(key_of(message))
        return None if row is None else self.logits[row].astype(float).tolist()


def variants(examples: Sequence[Example]) -> list[Message]:
    """Messages whose right labels nobody wrote down, so that a teacher must judge them.

    A share of the messages loses its context, gets that of another message, or is cut in half. What is made of a message
    depends on nothing but the message, and on which contexts there are only where one of them wins its draw, so that fewer
    or more examples leave most variants as they were.
    """
    contexts = {
        _key(_parts(context)): context for context in (example.message.context for example in examples) if context
    }
    wheel = sorted(contexts)
    made = []
    for example in examples:
        message = example.message
        rng = random.Random(key_of(message))
        if rng.random() >= VARIANT_SHARE:
            continue
        words = message.text.split()
        if message.context and rng.random() < 0.4:
            made.append(replace(message, context=()))
        elif len(words) >= _HALVED and rng.random() < 0.5:
            middle = len(words) // 2
            made.append(replace(message, text=" ".join(words[:middle] if rng.random() < 0.5 else words[middle:])))
        elif wheel:
            drawn = bisect_left(wheel, rng.getrandbits(64)) % len(wheel)
            made.append(replace(message, context=contexts[wheel[drawn]]))
    known = {key_of(example.message) for example in examples}
    return list({key_of(one): one for one in made if key_of(one) not in known}.values())


def read_teacher(file: Path, examples: Sequence[Example]) -> Teacher:
    """Read a file that `teach` wrote.

    Raises:
        TrainingError: It cannot be read, or was made for another corpus than `examples`.
    """
    try:
        content = file.read_bytes()
        with np.load(io.BytesIO(content)) as arrays:
            keys, logits = arrays["keys"], arrays["logits"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise TrainingError(f"--teacher {file}: {error}") from None
    if logits.shape != (len(keys), len(LABEL_NAMES)):
        raise TrainingError(
            f"--teacher {file}: holds logits of shape {logits.shape}, not one row a key, one column a label"
        )
    teacher = Teacher(hashlib.sha256(content).hexdigest(), {key: row for row, key in enumerate(keys.tolist())}, logits)
    known = sum(key_of(example.message) in teacher.rows for example in examples)
    if known < FEWEST_KNOWN * len(examples):
        raise TrainingError(
            f"--teacher {file}: knows {known} of {len(examples)} training messages; remake it (make teachers)"
        )
    return teacher


def key_of(message: Message) -> int:
    """64 bits of the SHA-256 of text and context."""
    return _key([message.text, *_parts(message.context)])


def _parts(context: Sequence[Turn]) -> list[str]:
    return [f"{turn.role}:{turn.text}" for turn in context]


def _key(parts: Sequence[str]) -> int:
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode("utf-8")).digest()[:8], "big")
