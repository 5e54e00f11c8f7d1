"""VangnetCheck measures and is never trained on: examples that overlap with it are refused."""

from collections.abc import Iterable
from pathlib import Path

from classifier.fingerprints import WINDOW, fingerprints
from classifier.message import Message
from training.corpus_files import Example
from training.errors import TrainingError

FILE = Path(__file__).parents[1] / "eval" / "suites" / "vangnetcheck.fingerprints"


def overlapping(messages: Iterable[tuple[str, Message]], file: Path = FILE) -> list[str]:
    """Ids of the messages that share `WINDOW` words in a row, or all of a shorter text and its context, with a test case.

    Raises:
        TrainingError: The file of fingerprints cannot be read.
    """
    try:
        known = frozenset(file.read_text(encoding="ascii").split())
    except OSError as error:
        raise TrainingError(f"{file}: {error.strerror}") from None
    return [name for name, message in messages if not known.isdisjoint(fingerprints(message))]


def refuse_overlap(examples: Iterable[Example], file: Path = FILE) -> None:
    """Check examples that are to be trained on.

    Raises:
        TrainingError: Some overlap with a test case; the message names them.
    """
    if found := overlapping(((one.id, one.message) for one in examples), file):
        raise TrainingError(
            f"{len(found)} messages share {WINDOW} words in a row, or all of a shorter text, with a test case of "
            f"VangnetCheck; reword or remove them: {', '.join(found)}"
        )
