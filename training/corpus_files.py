"""Read the written corpus: one JSON Lines file per voice, splits by voice."""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.errors import MessageError
from classifier.kinds import SAFE_KINDS, WORDINGS, is_look_alike
from classifier.labels import BY_NAME
from classifier.message import Message
from training.errors import TrainingError

FOLDER = Path(__file__).parent / "corpus"
SPLITS = ("train", "validation", "calibration", "test")
REGISTERS = ("informal", "neutral", "formal")
_FIELDS = {"id", "text", "context", "labels", "kind", "wording", "register", "voice", "pair"}


@dataclass(frozen=True)
class Example:
    """One written message with its labels; see training/corpus/README.md for the fields."""

    id: str
    message: Message
    labels: frozenset[str]
    kind: str
    wording: tuple[str, ...]
    register: str
    voice: str
    pair: str | None

    @property
    def risky(self) -> bool:
        """Whether any label stands on the message."""
        return bool(self.labels)

    @property
    def look_alike(self) -> bool:
        """Whether it is safe and resembles risk: every safe kind but everyday talk, and everyday talk with a risky twin."""
        return is_look_alike(self.labels, self.kind, self.pair)


@dataclass(frozen=True)
class Corpus:
    """All examples, and the split and region of every voice."""

    examples: tuple[Example, ...]
    splits: Mapping[str, str]
    regions: Mapping[str, str]

    def split(self, name: str) -> list[Example]:
        """The examples of one split, in file order."""
        return [example for example in self.examples if self.splits[example.voice] == name]


def read_corpus(folder: Path = FOLDER) -> Corpus:
    """Read and check every voice.

    Raises:
        TrainingError: With all errors found, each with file and line.
    """
    splits, regions = read_splits(folder), read_voices(folder, "region")
    examples, errors = [], []
    for voice in splits:
        path = folder / f"{voice}.jsonl"
        if not path.exists():
            errors.append(f"{path}: voices.toml names it and it is not there")
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").rstrip("\n").split("\n"), 1):
            try:
                examples.append(_example(line, voice))
            except (TrainingError, MessageError) as error:
                errors.append(f"{path}:{number}: {error}")
    extra = {path.stem for path in folder.glob("*.jsonl")} - set(splits)
    errors += [f"{folder / name}.jsonl: is not named in voices.toml" for name in sorted(extra)]
    errors += _cross_errors(examples)
    if errors:
        raise TrainingError("the corpus has errors:\n" + "\n".join(errors))
    return Corpus(tuple(examples), splits, regions)


def read_splits(folder: Path = FOLDER) -> dict[str, str]:
    """Split name per voice, from voices.toml.

    Raises:
        TrainingError: The file is missing or malformed, or a split does not exist.
    """
    splits = read_voices(folder, "split")
    if wrong := set(splits.values()) - set(SPLITS):
        raise TrainingError(
            f"{folder / 'voices.toml'}: unknown split {sorted(wrong)}, must be one of {', '.join(SPLITS)}"
        )
    return splits


def read_voices(folder: Path, key: str) -> dict[str, str]:
    """One entry (``split``, ``region`` or ``brief``) per voice, from voices.toml.

    Raises:
        TrainingError: The file is missing or malformed, or a voice lacks the entry.
    """
    path = folder / "voices.toml"
    try:
        voices = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise TrainingError(f"{path}: {error}") from None
    for name, voice in voices.items():
        if not isinstance(voice, dict) or key not in voice:
            raise TrainingError(f"{path}: [{name}] lacks {key}")
    return {name: str(voice[key]) for name, voice in voices.items()}


def summary(examples: Iterable[Example]) -> dict[str, Any]:
    """Counts of messages, labels, kinds, wordings, context and words, for the manifest and the model card."""
    rows = list(examples)
    return {
        "messages": len(rows),
        "risky": sum(row.risky for row in rows),
        "with_context": sum(bool(row.message.context) for row in rows),
        "pairs": sum(row.pair is not None for row in rows) // 2,
        "labels": _counts(label for row in rows for label in row.labels),
        "kinds": _counts(row.kind for row in rows if not row.risky),
        "wordings": _counts(code for row in rows for code in row.wording),
    }


def _counts(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def read_row(line: str, fields: set[str]) -> dict[str, Any]:
    """One labelled message as a mapping with exactly the given fields.

    Raises:
        TrainingError: It is not JSON, a field is missing or unknown, or labels and kind are not those of the guide.
    """
    try:
        row = json.loads(line)
    except ValueError:
        raise TrainingError("is not JSON") from None
    if not isinstance(row, dict) or set(row) != fields:
        raise TrainingError(f"must be an object with exactly {', '.join(sorted(fields))}")
    for key in fields & {"labels", "wording"}:
        if not isinstance(row[key], list) or not all(isinstance(value, str) for value in row[key]):
            raise TrainingError(f"{key} must be a list of strings")
    if unknown := set(row["labels"]) - set(BY_NAME):
        raise TrainingError(f"labels: unknown {sorted(unknown)}")
    if not isinstance(row["kind"], str) or row["kind"] not in (WORDINGS if row["labels"] else SAFE_KINDS):
        raise TrainingError("kind must be an N code on a safe message and a P code on a risky one")
    return row


def _example(line: str, voice: str) -> Example:
    row = read_row(line, _FIELDS)
    if row["voice"] != voice:
        raise TrainingError("voice is not the file's name")
    labels = frozenset(row["labels"])
    if not set(row["wording"]) <= set(WORDINGS) or row["register"] not in REGISTERS:
        raise TrainingError("wording or register has an unknown value")
    message = Message.from_mapping(row)
    return Example(row["id"], message, labels, row["kind"], tuple(row["wording"]), row["register"], voice, row["pair"])


def _cross_errors(examples: Sequence[Example]) -> list[str]:
    errors = []
    by_id = {example.id: example for example in examples}
    for name, count in Counter(example.id for example in examples).items():
        if count > 1:
            errors.append(f"id {name}: used {count} times")
    for example in examples:
        if example.pair is None:
            continue
        partner = by_id.get(example.pair)
        if partner is None or partner.pair != example.id or partner.voice != example.voice:
            errors.append(f"id {example.id}: its pair {example.pair} does not point back from the same voice")
    seen: dict[Message, Example] = {}
    for example in examples:
        first = seen.setdefault(example.message, example)
        if first is not example and first.labels != example.labels:
            errors.append(f"id {example.id}: same text and context as {first.id}, other labels")
    return errors
