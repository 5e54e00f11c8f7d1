"""What stood before a message in its conversation, remembered for callers who send one message at a time."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from classifier.message import MAX_CONTEXT, Role, Turn
from serving.sealing import Sealing
from serving.windows import Windows

KEPT = 12
"""Messages kept of a conversation: more than are given back, as some are sent again or edited."""
MOST_TEXT = 1_000
"""Code points kept of a text, its last ones: the model reads no more than 128 tokens of a whole context."""


@dataclass(frozen=True)
class _Entry:
    """One remembered message; `author` and `message` are names that tell nothing, `at` is in seconds since 1970.

    Other fields need another key than `vangnet:memory:`, as entries outlive the process.
    """

    author: str
    message: str | None
    at: float
    text: str


class Memory:
    """The last messages of each conversation, sealed.

    Args:
        windows: Where they are kept.
        sealing: Encrypts them and names conversations.
        minutes: How long a message serves as context. It is gone after twice as long at most.
    """

    def __init__(self, windows: Windows, sealing: Sealing, minutes: int) -> None:
        self._windows = windows
        self._sealing = sealing
        self._seconds = 60 * minutes

    async def context_for(
        self,
        tenant: str,
        conversation_id: str,
        author_id: str,
        message_id: str | None,
        sent_at: datetime | None,
        text: str,
    ) -> tuple[Turn, ...]:
        """Remember a message and give what stood before it.

        A message that comes again with its `message_id` keeps its place and gets the same context; later ones see it once,
        with its newest text. With `sent_at`, messages are ordered by it (those without: by when they came), else as they
        came.

        Args:
            tenant: Whose conversation; other tenants never see it.
            conversation_id: The tenant's own id.
            author_id: Who wrote the message.
            message_id: The tenant's own id of the message, unique in the conversation.
            sent_at: When it was sent, with a time zone.
            text: The checked text of the message.

        Returns:
            Up to five messages, oldest first; `self` wrote those with the same author.

        Raises:
            WindowsAway: The store does not answer.
        """
        came = datetime.now(UTC)
        mine = _Entry(
            author=self._sealing.name("author", tenant, author_id),
            message=message_id and self._sealing.name("message", tenant, message_id),
            at=(sent_at or came).timestamp(),
            text=text[-MOST_TEXT:],
        )
        key, entry = self._key(tenant, conversation_id), self._sealing.pack(asdict(mine))
        entries = await self._windows.push(key, entry, KEPT, self._seconds)
        before = _before(mine, [_Entry(**one) for one in self._sealing.unpack(entries)], by_time=sent_at is not None)
        return tuple(Turn(Role.SELF if one.author == mine.author else Role.PEER, one.text) for one in before)

    async def forget(self, tenant: str, conversation_id: str) -> bool:
        """Forget a conversation; whether there was one.

        Raises:
            WindowsAway: The store does not answer; the conversation may still be there.
        """
        return bool(await self._windows.drop([self._key(tenant, conversation_id)]))

    def _key(self, tenant: str, conversation_id: str) -> str:
        return f"vangnet:memory:{self._sealing.name('conversation', tenant, conversation_id)}"


def _before(mine: _Entry, entries: Iterable[_Entry], by_time: bool) -> list[_Entry]:
    """Of entries in the order in which they came, those that stood before mine: five at most, oldest first."""
    places: dict[str | int, tuple[int, _Entry]] = {}
    for came, entry in enumerate([*entries, mine]):
        # The first time that a message came gives its place, the last time its text.
        name = came if entry.message is None else entry.message
        places[name] = (places.get(name, (came,))[0], entry)

    def order(place: tuple[int, _Entry]) -> tuple[float, int]:
        return (place[1].at if by_time else 0, place[0])

    ordered = sorted(places.values(), key=order)
    here = next(index for index, (_, entry) in enumerate(ordered) if entry is mine)
    return [entry for _, entry in ordered[max(0, here - MAX_CONTEXT) : here]]
