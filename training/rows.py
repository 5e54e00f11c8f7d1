"""Rows that the model trains on: encoded messages with their labels, as a `datasets.Dataset` that roughens on the fly."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from datasets import Dataset

from classifier.encoding import MessageEncoder
from classifier.labels import LABEL_NAMES
from classifier.message import MAX_TEXT, Message, Turn
from training.corpus_files import Example
from training.invented import invent
from training.noise import roughen
from training.presumed_safe import SPLICE_SHARE, PresumedSafe, may_be_spliced, splice, with_contexts
from training.tails import with_tail
from training.teacher import Teacher, variants

WRITTEN_NOISE = 0.5
REAL_NOISE = 0.75
"""Share of texts that get chat spelling, written and real (pilot: real chat flagged 305 -> 93 per 1,000)."""


def targets(labels: frozenset[str]) -> list[float]:
    """One number per label, 1.0 where it stands."""
    return [float(name in labels) for name in LABEL_NAMES]


def truth(examples: Sequence[Example]) -> np.ndarray:
    """Shape (examples, labels), 0 or 1."""
    return np.array([targets(example.labels) for example in examples]).reshape(len(examples), len(LABEL_NAMES))


def training_dataset(
    examples: Sequence[Example],
    real: PresumedSafe | None,
    encoder: MessageEncoder,
    seed: int,
    teacher: Teacher | None = None,
) -> Dataset:
    """Written messages, spliced ones, real sentences and a teacher's variants; each access gives another rough spelling.

    Columns on access: ``input_ids``, ``message_mask``, ``labels`` and ``teacher``, the teacher's logits or None. A variant's
    labels are the teacher's probabilities. The plain column ``length`` (tokens of the clean message) serves to batch
    messages of like length.
    """
    rng = random.Random(seed)
    rows = [_Row(one.message, targets(one.labels), WRITTEN_NOISE, _taught(teacher, one.message)) for one in examples]
    if real is not None:
        for example in examples:
            if may_be_spliced(example) and rng.random() < SPLICE_SHARE:
                spliced = splice(example, real.training, rng)
                rows.append(
                    _Row(spliced.message, targets(spliced.labels), WRITTEN_NOISE, _taught(teacher, example.message))
                )
        safe = targets(frozenset())
        rows += [_Row(message, safe, REAL_NOISE) for message in with_contexts(real.training, examples, rng)]
    for message in variants(examples) if teacher else ():
        if (logits := _taught(teacher, message)) is not None:
            rows.append(_Row(message, (1 / (1 + np.exp(-np.array(logits)))).tolist(), WRITTEN_NOISE, logits))
    table = [
        {
            "text": row.message.text,
            "context": [{"role": str(turn.role), "text": turn.text} for turn in row.message.context],
            "labels": row.labels,
            "noise": row.noise,
            "teacher": row.teacher,
            "length": len(encoder.encode(row.message)[0].ids),
        }
        for row in rows
    ]
    dataset = Dataset.from_list(table)
    noise_rng = random.Random(seed + 1)
    dataset.set_transform(lambda batch: _encode(batch, encoder, noise_rng))
    return dataset


@dataclass(frozen=True)
class _Row:
    message: Message
    labels: list[float]
    noise: float
    teacher: list[float] | None = None


def _taught(teacher: Teacher | None, message: Message) -> list[float] | None:
    return None if teacher is None else teacher.of(message)


def clean_dataset(examples: Sequence[Example], encoder: MessageEncoder) -> Dataset:
    """Encoded examples without noise, for validation."""
    windows = [encoder.encode(example.message)[0] for example in examples]
    return Dataset.from_list(
        [
            {
                "input_ids": window.ids.tolist(),
                "message_mask": window.message_mask.tolist(),
                "labels": targets(example.labels),
            }
            for window, example in zip(windows, examples, strict=True)
        ]
    )


class Collator:
    """Pads a batch; `attention_mask` is 0 on padding, `teacher` is NaN in rows that it has not judged."""

    def __init__(self, pad: int) -> None:
        self._pad = pad

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        longest = max(len(row["input_ids"]) for row in rows)
        ids = torch.full((len(rows), longest), self._pad)
        attention, mask = torch.zeros(len(rows), longest), torch.zeros(len(rows), longest)
        for index, row in enumerate(rows):
            length = len(row["input_ids"])
            ids[index, :length] = torch.as_tensor(row["input_ids"])
            mask[index, :length] = torch.as_tensor(row["message_mask"])
            attention[index, :length] = 1.0
        labels = torch.tensor([row["labels"] for row in rows])
        padded = {"input_ids": ids, "attention_mask": attention, "message_mask": mask, "labels": labels}
        if any(row.get("teacher") for row in rows):
            unknown = [float("nan")] * labels.shape[1]
            padded["teacher"] = torch.tensor([row.get("teacher") or unknown for row in rows])
        return padded


def roughened(message: Message, rng: random.Random, share: float) -> Message:
    """The message with invented names, a tail perhaps, and rough spelling; each context turn is treated on its own."""
    turns = tuple(
        Turn(turn.role, roughen(invent(turn.text, rng), rng, share / 2)[:MAX_TEXT]) for turn in message.context
    )
    text = with_tail(invent(message.text, rng), rng)
    return replace(message, text=roughen(text, rng, share)[:MAX_TEXT], context=turns)


def _encode(batch: dict[str, list[Any]], encoder: MessageEncoder, rng: random.Random) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {"input_ids": [], "message_mask": []}
    columns |= {name: batch[name] for name in ("labels", "teacher")}
    for text, context, noise in zip(batch["text"], batch["context"], batch["noise"], strict=True):
        message = roughened(Message.from_mapping({"text": text, "context": context}), rng, noise)
        window = encoder.encode(message)[0]
        columns["input_ids"].append(window.ids)
        columns["message_mask"].append(window.message_mask)
    return columns
