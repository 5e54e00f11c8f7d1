"""The messages that are sent, in the mix of lengths in which they were written."""

import json
import random
import tomllib
from collections.abc import Sequence
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from classifier import Message, MessageError
from serving.bench.connection import HOST, PATH

CORPUS = Path(__file__).parents[2] / "training" / "corpus"
SEED = 2026
STRATA = 64

Body = dict[str, Any]
"""A request's body: ``text`` and ``context``."""


def calibration_files() -> list[Path]:
    """The written corpus's files of the calibration voices."""
    voices = tomllib.loads((CORPUS / "voices.toml").read_text(encoding="utf-8"))
    return [CORPUS / f"{voice}.jsonl" for voice, facts in voices.items() if facts["split"] == "calibration"]


def read_messages(files: Sequence[Path]) -> list[Body]:
    """Every message once, in the order of the files.

    Raises:
        MessageError: A line is not a message, or there is none; names file and line.
    """
    bodies = []
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").rstrip("\n").split("\n"), 1):
            where = f"{file.name}:{number}"
            try:
                source = json.loads(line)
                Message.from_mapping(source)
            except MessageError as error:
                raise MessageError(where, str(error)) from None
            except (ValueError, TypeError):
                raise MessageError(where, "is not a JSON object with text") from None
            bodies.append({"text": source["text"], "context": source.get("context") or []})
    if not bodies:
        raise MessageError("messages", "there is none")
    return bodies


def without_context(bodies: Sequence[Body]) -> list[Body]:
    """The same messages alone."""
    return [{**body, "context": []} for body in bodies]


def in_even_order(bodies: Sequence[Body]) -> list[Body]:
    """Every message once, drawn with a fixed seed so that each run of 64 has the lengths of all, context included.

    How long a message takes depends on its length; otherwise an interval that gets to fewer messages would get easier or
    harder ones.
    """
    draw = random.Random(SEED)
    by_length = sorted(bodies, key=lambda body: sum(len(part["text"]) for part in (body, *body["context"])))
    bounds = [len(bodies) * number // STRATA for number in range(STRATA + 1)]
    strata = [by_length[low:high] for low, high in pairwise(bounds)]
    for stratum in strata:
        draw.shuffle(stratum)
    runs = [[body for body in run if body is not None] for run in zip_longest(*strata)]
    return [body for run in runs for body in draw.sample(run, len(run))]


def as_requests(bodies: Sequence[Body]) -> list[bytes]:
    """HTTP requests, ready to send."""
    return [_request(json.dumps(body, ensure_ascii=False).encode()) for body in bodies]


def mix(bodies: Sequence[Body]) -> dict[str, Any]:
    """How long they are: quantiles of the code points of text, and how many bring context."""
    low, median, high = np.quantile([len(body["text"]) for body in bodies], [0.05, 0.5, 0.95])
    return {
        "messages": len(bodies),
        "code_points": {"p5": float(low), "p50": float(median), "p95": float(high)},
        "with_context": sum(bool(body["context"]) for body in bodies) / len(bodies),
    }


def _request(body: bytes) -> bytes:
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
