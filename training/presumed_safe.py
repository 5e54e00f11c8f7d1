"""Real sentences that nobody labelled and that are presumed safe: training negatives, and a ground for thresholds."""

import hashlib
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from classifier.message import MAX_TEXT, Message
from training.corpus_files import Example
from training.errors import TrainingError

CONTEXT_SHARE = 0.25
"""Share of real sentences that get the context of some written message, so that context does not come to mean risk."""
SPLICE_SHARE = 0.2
"""Share of written messages without context that are set between real sentences, so that real does not mean safe."""
FEWEST = 3
"""A spliced message stands between up to three sentences of one part."""
REAL_SHARE = 0.5
"""Real sentences per written message, at most: they are easy, and take their share of every step."""
_ANSWER = re.compile(r"^\W*(ja|nee|neen|oké?|nooit|altijd|morgen|vandaag)\b", re.IGNORECASE)


@dataclass(frozen=True)
class PresumedSafe:
    """Sentences of one file, split once by hash.

    Attributes:
        file: Name of the file.
        sha256: Its checksum, for the manifest.
        training: 70 % of the sentences: negatives.
        thresholds: 30 %: calibration and thresholds only.
    """

    file: str
    sha256: str
    training: tuple[str, ...]
    thresholds: tuple[str, ...]


def read_presumed_safe(path: Path) -> PresumedSafe:
    """Read a UTF-8 file with one sentence a line.

    Raises:
        TrainingError: The file cannot be read as UTF-8, or holds no sentence.
    """
    try:
        content = path.read_bytes()
        lines = [line.strip() for line in content.decode("utf-8").split("\n")]
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"--presumed-safe {path}: {error}") from None
    sentences = [line for line in dict.fromkeys(lines) if 1 <= len(line) <= MAX_TEXT]
    if not sentences:
        raise TrainingError(f"--presumed-safe {path}: holds no sentence")
    parts: tuple[list[str], list[str]] = ([], [])
    for sentence in sentences:
        parts[_bucket(sentence) >= 70].append(sentence)
    if min(map(len, parts)) < FEWEST:
        raise TrainingError(f"--presumed-safe {path}: holds too few sentences to split; a hundred is little")
    return PresumedSafe(path.name, hashlib.sha256(content).hexdigest(), tuple(parts[0]), tuple(parts[1]))


def with_contexts(sentences: Sequence[str], examples: Sequence[Example], rng: random.Random) -> list[Message]:
    """Messages from sentences; a quarter stand under the context of a written message, heavy ones included.

    Short sentences and answers ("ja", "morgen") stay alone: under a heavy context they could be risky. At most
    `REAL_SHARE` sentences are used per written message, so that these still set the direction.
    """
    sentences = rng.sample(list(sentences), min(len(sentences), int(REAL_SHARE * len(examples))))
    contexts = [example.message.context for example in examples if example.message.context]
    messages = []
    for sentence in sentences:
        apt = len(sentence.split()) >= 5 and not _ANSWER.match(sentence)
        if contexts and apt and rng.random() < CONTEXT_SHARE:
            messages.append(Message(sentence, rng.choice(contexts)))
        else:
            messages.append(Message(sentence))
    return messages


def splice(example: Example, sentences: Sequence[str], rng: random.Random) -> Example:
    """The example's text between one to three real sentences; its labels stay, as it needs no context."""
    before = rng.randint(0, 2)
    parts = rng.sample(list(sentences), max(1, before + rng.randint(0, 1)))
    text = " ".join([*parts[:before], example.message.text, *parts[before:]])
    return replace(example, id=f"{example.id}+real", message=Message(text[:MAX_TEXT]), pair=None)


def may_be_spliced(example: Example) -> bool:
    """Whether the message keeps its labels without context and among other sentences."""
    return not example.message.context and "P9" not in example.wording and len(example.message.text.split()) >= 4


def _bucket(sentence: str) -> int:
    return int.from_bytes(hashlib.sha256(sentence.encode("utf-8")).digest()[:4], "big") % 100
