"""What a platform sends: plain dictionaries, typed. The service checks their limits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Required, TypedDict


class Turn(TypedDict):
    """An earlier message: `self` when the same author wrote it, `peer` when somebody else did."""

    role: Literal["self", "peer"]
    text: str


class Fields(TypedDict, total=False):
    """Everything of a message but its text.

    Attributes:
        context: Up to five earlier messages, oldest first.
        message_id: The platform's own id, 1 to 128 code points. With it a repeated message counts once.
        revision: Which edit of the message, 0 to 1,000,000.
        conversation_id: The platform's own id of the conversation.
        author_id: The platform's own id of the author, best a pseudonym.
        sent_at: With a time zone.
        remember: Let it be context of later messages and count for its author's trend; needs `author_id`.
        policy: Version of a policy that decides instead of the active one.
        explain: Name the words that carried each reason; costs up to 96 further scorings of a flagged message.
        country: Help lines of this country only.
    """

    context: Sequence[Turn] | None
    message_id: str | None
    revision: int
    conversation_id: str | None
    author_id: str | None
    sent_at: datetime | None
    remember: bool
    policy: str | None
    explain: bool
    country: Literal["NL", "BE"] | None


class Message(Fields):
    """A message; `client.classify(**message)` asks about it.

    Attributes:
        text: 1 to 10,000 code points.
    """

    text: Required[str]
