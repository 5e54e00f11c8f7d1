"""From a checked request to its answer: one message, or a batch in which no message costs another its answer."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from classifier.labels import Severity
from classifier.policy import Action
from serving.faults import log_fault
from serving.help_lines import HelpLines
from serving.metrics import Metrics
from serving.problems import as_problem, field_problems, joined
from serving.schemas import ClassifyRequest
from serving.workers import Busy, TooLate, Workers

BUSY = "all workers are busy; nothing was judged"
TOO_LATE = "the message was not judged within the deadline"
FAILED = "an internal error; the log names its kind"
MOST_BATCHED = 1024
"""Messages of all batches together that may wait for their turn."""
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
        # All batches together have as many messages in the pool as there are workers: the queue is for single messages.
        self._slots = asyncio.Semaphore(workers.threads)
        self._batched = 0

    async def one(self, request: ClassifyRequest) -> dict[str, Any]:
        """The answer for one message, plain values in the shape of `ClassifyAnswer`.

        Raises:
            Busy: Every worker is taken and the queue is full.
            TooLate: The deadline passed.
        """
        with self._counted():
            return await self._judged(request, patient=False)

    async def many(self, messages: Sequence[Any]) -> list[dict[str, Any]]:
        """One item a message, in order, each with ``result`` or ``error``.

        Raises:
            Busy: Too many messages of other batches wait; none of these was judged.
        """
        if self._batched + len(messages) > MOST_BATCHED:
            raise Busy
        self._batched += len(messages)
        try:
            return list(await asyncio.gather(*map(self._item, messages)))
        finally:
            self._batched -= len(messages)

    async def _item(self, source: Any) -> dict[str, Any]:
        try:
            request = ClassifyRequest.model_validate(source)
        except ValidationError as error:
            errors = field_problems(error.errors(), whole="message")
            return {"error": as_problem(422, joined(errors), errors)}
        named = {} if request.message_id is None else {"message_id": request.message_id}
        try:
            with self._counted():
                async with self._slots:
                    return named | {"result": await self._judged(request, patient=True)}
        except TooLate:
            return named | {"error": as_problem(503, TOO_LATE)}
        except Exception as error:
            log_fault(error)
            return named | {"error": as_problem(500, FAILED)}

    async def _judged(self, request: ClassifyRequest, patient: bool) -> dict[str, Any]:
        answer, timings = await self._workers.judge(request.message(), request.explain, patient)
        self._metrics.judged(answer, timings)
        if request.message_id is not None:
            answer = {"message_id": request.message_id} | answer
        if answer["decision"] != Action.ALLOW:
            labels = [reason["label"] for reason in answer["reasons"]]
            lines = self._help_lines.for_answer(labels, Severity(answer["severity"]), request.country)
            answer["help"] = {"checked_on": self._help_lines.checked_on.isoformat(), "lines": lines}
        return answer | {"timings": timings}

    @contextmanager
    def _counted(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._metrics.unjudged(_UNJUDGED.get(type(error), "error"))
            raise
