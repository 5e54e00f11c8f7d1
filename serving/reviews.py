"""What moderators get to see: flagged messages, and a sample of the others without which nobody knows what is missed."""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from classifier.labels import LABEL_NAMES
from classifier.message import Message
from classifier.policy import Action
from serving.masking import mask
from serving.sealing import Sealing
from serving.spool import Spool

_NAMESPACE = uuid.UUID("7f1e6f0c-1f0b-4f52-9a57-0d2f6c1a8e11")
STRATA = ((0.1, 16.0), (0.01, 4.0), (0.0, 1.0))
"""Lower bound of a message's highest score over threshold, and how much more often such messages are drawn for the audit:
messages that were missed are rare, and most of them stand close below a threshold."""


class Storage(StrEnum):
    """What is stored of a message for moderators."""

    OFF = "off"
    IDS = "ids"
    TEXT = "text"


@dataclass(frozen=True)
class Origin:
    """Where a message comes from, as its platform names it; all of it may be unknown but the tenant."""

    tenant: str
    message_id: str | None = None
    revision: int = 0
    conversation_id: str | None = None
    author_id: str | None = None
    sent_at: datetime | None = None

    def item_id(self) -> str:
        """The same for the same message and revision of a tenant; a new one each time for a message without id."""
        if self.message_id is None:
            return str(uuid.uuid4())
        return str(uuid.uuid5(_NAMESPACE, json.dumps([self.tenant, self.message_id, self.revision])))


class Reviews:
    """Puts messages on their way to the moderators.

    Args:
        spool: Keeps them until the database has them.
        storage: Not `Storage.OFF`.
        sealing: Encrypts masked texts.
        audit: Share in [0, 1] of the messages furthest from a threshold that joins the queue; see `STRATA`.
    """

    def __init__(self, spool: Spool, storage: Storage, sealing: Sealing, audit: float) -> None:
        self._spool = spool
        self._storage = storage
        self._sealing = sealing
        self._audit = audit

    def probability(self, item_id: str, answer: Mapping[str, Any]) -> float | None:
        """With which probability a message like this one joins the queue; None when this one does not.

        A retry of the same message is drawn again the same way.
        """
        if answer["decision"] != Action.ALLOW:
            return 1.0
        closeness = max(entry["score"] / entry["review_at"] for entry in answer["labels"].values())
        weight = next(weight for bound, weight in STRATA if closeness >= bound)
        probability = min(1.0, self._audit * weight)
        # By a hash, so that nobody can tell from the id of an item whether it was drawn.
        draw = int.from_bytes(hashlib.sha256(item_id.encode()).digest()[:8]) / 2**64
        return probability if draw < probability else None

    def put(
        self, item_id: str, origin: Origin, message: Message, answer: Mapping[str, Any], probability: float
    ) -> None:
        """Store a message; it survives a killed process from here on.

        Raises:
            SpoolError: The spool or the disk is full.
        """
        sealed = None
        if self._storage is Storage.TEXT:
            turns = [[str(turn.role), mask(turn.text)] for turn in message.context]
            content = json.dumps({"text": mask(message.text), "context": turns})
            sealed = self._sealing.seal(content.encode()).decode()
        self._spool.put(
            {
                "id": item_id,
                "tenant": origin.tenant,
                "message_id": origin.message_id,
                "revision": origin.revision,
                "conversation_id": origin.conversation_id,
                "author_id": origin.author_id,
                "sent_at": origin.sent_at and origin.sent_at.isoformat(),
                "received_at": datetime.now(UTC).isoformat(),
                "decision": answer["decision"],
                "severity": answer["severity"],
                "reasons": _without_evidence(answer["reasons"]),
                "scores": [answer["labels"][name]["score"] for name in LABEL_NAMES],
                "versions": answer["versions"],
                "trend": answer["trend"]["direction"] if "trend" in answer else None,
                "probability": probability,
                "sealed": sealed,
            }
        )


def _without_evidence(reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    # Its places are those of the text as sent, which is not what is stored.
    return [{name: value for name, value in reason.items() if name != "evidence"} for reason in reasons]
