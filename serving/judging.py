"""From a checked request to its answer: one message, or a batch in which no message costs another its answer."""

import asyncio
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from classifier.labels import Severity
from classifier.policy import Action
from serving.help_lines import HelpLines
from serving.metrics import Metrics
from serving.problems import as_problem, field_problems, joined
from serving.schemas import ClassifyRequest
from serving.workers import Busy, TooLate, Workers

BUSY = "all workers are busy; the message was not judged"
TOO_LATE = "the message was not judged within the deadline"
_UNJUDGED: dict[type[BaseException], str] = {Busy: "busy", TooLate: "deadline", asyncio.CancelledError: "hung_up"}


class Judging:
    """Answers requests.

    Args:
        workers: Score.
        help_lines: Named with every decision but to allow.
        metrics: Count what was judged and what was not.
    """

    def __init__(self, workers: Workers, help_lines: HelpLines, metrics: Metrics) -> None:
        self._workers = workers
        self._help_lines = help_lines
        self._metrics = metrics

    async def one(self, request: ClassifyRequest) -> dict[str, Any]:
        """The answer for one message, plain values in the shape of `ClassifyAnswer`.

        Raises:
            Busy: Every worker is taken and the queue is full.
            TooLate: The deadline passed.
        """
        try:
            answer, timings = await self._workers.judge(request.message(), request.explain)
        except (Busy, TooLate, asyncio.CancelledError) as error:
            self._metrics.unjudged(_UNJUDGED[type(error)])
            raise
        self._metrics.judged(answer, timings)
        if request.message_id is not None:
            answer = {"message_id": request.message_id} | answer
        if answer["decision"] != Action.ALLOW:
            labels = [reason["label"] for reason in answer["reasons"]]
            lines = self._help_lines.for_answer(labels, Severity(answer["severity"]), request.country)
            answer["help"] = {"checked_on": self._help_lines.checked_on.isoformat(), "lines": lines}
        return answer | {"timings": timings}

    async def many(self, messages: Sequence[Any]) -> list[dict[str, Any]]:
        """One item a message, in order, each with ``result`` or ``error``.

        At most as many messages as there are workers are in the pool at once, so that a batch leaves the queue to others.
        """
        slots = asyncio.Semaphore(self._workers.threads)

        async def item(source: Any) -> dict[str, Any]:
            try:
                request = ClassifyRequest.model_validate(source)
            except ValidationError as error:
                errors = field_problems(error.errors(), whole="message")
                return {"error": as_problem(422, joined(errors), errors)}
            named = {} if request.message_id is None else {"message_id": request.message_id}
            async with slots:
                try:
                    return named | {"result": await self.one(request)}
                except Busy:
                    return named | {"error": as_problem(429, BUSY)}
                except TooLate:
                    return named | {"error": as_problem(503, TOO_LATE)}

        return list(await asyncio.gather(*map(item, messages)))
