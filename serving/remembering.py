"""What requests that say `remember` get and leave behind: context, and the author's trend."""

from datetime import UTC, datetime
from typing import Any

from classifier.labels import Area
from classifier.message import Turn
from serving.deletion import Kept
from serving.memory import Memory
from serving.schemas import ClassifyRequest
from serving.trend import Trend
from serving.windows import WindowsAway


class Remembering:
    """Conversation memory and author trend, each of them on or off.

    Args:
        memory: None when switched off.
        trend: None when switched off.
    """

    def __init__(self, memory: Memory | None, trend: Trend | None) -> None:
        self._memory = memory
        self._trend = trend
        self.away = False
        """Whether the store did not answer when it was last needed."""

    async def context(self, tenant: str, request: ClassifyRequest) -> tuple[tuple[Turn, ...], str]:
        """Remember a message; what stood before it, and the state: ``on``, ``off`` or ``away``."""
        if self._memory is None or request.conversation_id is None or request.author_id is None:
            return (), "off"
        try:
            turns = await self._memory.context_for(
                tenant,
                request.conversation_id,
                request.author_id,
                request.message_id,
                request.sent_at,
                request.text,
            )
        except WindowsAway:
            self.away = True
            return (), "away"
        self.away = False
        return turns, "on"

    async def trend(self, tenant: str, request: ClassifyRequest, areas: dict[str, float]) -> dict[str, Any] | None:
        """The author's trend with this message; None when it is off or its store does not answer."""
        if self._trend is None or request.author_id is None:
            return None
        at = request.sent_at or datetime.now(UTC)
        try:
            trend = await self._trend.update(tenant, request.author_id, request.message_id, at, areas[Area.SELF_HARM])
        except WindowsAway:
            self.away = True
            return None
        self.away = False
        return trend | {"risk": round(trend["risk"], 4)}

    async def forget(self, tenant: str, of: Kept, value: str) -> bool:
        """Forget a conversation or an author.

        Raises:
            WindowsAway: The store does not answer; it may still be there.
        """
        if of is Kept.CONVERSATION and self._memory is not None:
            return await self._memory.forget(tenant, value)
        if of is Kept.AUTHOR and self._trend is not None:
            return await self._trend.forget(tenant, value)
        return False
