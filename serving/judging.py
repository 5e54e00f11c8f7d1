"""From a checked request to its answer: one message, or a batch in which no message costs another its answer."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from classifier.labels import Severity
from classifier.message import Message
from classifier.policy import Action
from serving.faults import log_fault
from serving.help_lines import HelpLines
from serving.metrics import Metrics
from serving.policies import Policies, UnusablePolicy
from serving.problems import as_problem, field_problems, joined
from serving.remembering import Remembering
from serving.reviews import Origin, Reviews
from serving.schemas import ClassifyRequest
from serving.score_log import ScoreLog
from serving.shadow import Shadow
from serving.spool import SpoolError
from serving.workers import Busy, TooLate, Workers

FAILED = "an internal error; the log names its kind"
MOST_BATCHED = 1024
"""Messages of all batches together that may wait for their turn."""
_UNJUDGED: dict[type[BaseException], str] = {Busy: "busy", TooLate: "deadline", asyncio.CancelledError: "hung_up"}


class Judging:
    """Answers requests.

    Args:
        workers: Score.
        policies: Decide.
        remembering: Gives context and trend where a request asks for them.
        reviews: Takes what moderators should see; None where nothing is stored.
        score_log: Takes a sample of scores, or None.
        shadow: Judges as well, or None.
        help_lines: Named with every decision but to allow.
        metrics: Count what was judged and what was not.
    """

    def __init__(
        self,
        workers: Workers,
        policies: Policies,
        remembering: Remembering,
        reviews: Reviews | None,
        score_log: ScoreLog | None,
        shadow: Shadow | None,
        help_lines: HelpLines,
        metrics: Metrics,
    ) -> None:
        self._workers = workers
        self._policies = policies
        self._remembering = remembering
        self._reviews = reviews
        self._score_log = score_log
        self._shadow = shadow
        self._help_lines = help_lines
        self._metrics = metrics
        # All batches together have as many messages in the pool as there are workers: the queue is for single messages.
        self._slots = asyncio.Semaphore(workers.threads)
        self._batched = 0

    async def one(self, tenant: str, request: ClassifyRequest, store: bool = True) -> dict[str, Any]:
        """The answer for one message, plain values in the shape of `ClassifyAnswer`.

        Args:
            tenant: Whose message it is.
            request: The message.
            store: Whether it may join the review storage.

        Raises:
            Busy: Every worker is taken and the queue is full.
            TooLate: The deadline passed.
            UnusablePolicy: The request names a policy that there is not.
        """
        with self._counted():
            return await self._judged(tenant, request, patient=False, store=store)

    async def parts(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """Answers for parts of a message that was judged already; they are neither counted nor kept.

        Raises:
            Busy: Too many messages of batches wait.
            TooLate: The deadline passed.
        """

        async def scored(message: Message) -> dict[str, Any]:
            async with self._slots:
                answer, _ = await self._workers.judge(message, self._policies.active, patient=True)
                return answer

        with self._waiting(len(messages)):
            return list(await asyncio.gather(*map(scored, messages)))

    async def many(self, tenant: str, messages: Sequence[Any]) -> list[dict[str, Any]]:
        """One item a message, in order, each with ``result`` or ``error``.

        Raises:
            Busy: Too many messages of other batches wait; none of these was judged.
        """
        with self._waiting(len(messages)):
            return list(await asyncio.gather(*(self._item(tenant, message) for message in messages)))

    @contextmanager
    def _waiting(self, messages: int) -> Iterator[None]:
        if self._batched + messages > MOST_BATCHED:
            raise Busy()
        self._batched += messages
        try:
            yield
        finally:
            self._batched -= messages

    async def _item(self, tenant: str, source: Any) -> dict[str, Any]:
        try:
            request = ClassifyRequest.model_validate(source)
        except ValidationError as error:
            errors = field_problems(error.errors(), whole="message")
            return {"error": as_problem(422, joined(errors), errors)}
        named = {} if request.message_id is None else {"message_id": request.message_id}
        try:
            with self._counted():
                async with self._slots:
                    return named | {"result": await self._judged(tenant, request, patient=True)}
        except TooLate as error:
            return named | {"error": as_problem(503, str(error))}
        except UnusablePolicy as error:
            return named | {"error": as_problem(422, str(error))}
        except Exception as error:
            log_fault(error)
            return named | {"error": as_problem(500, FAILED)}

    async def _judged(self, tenant: str, request: ClassifyRequest, patient: bool, store: bool = True) -> dict[str, Any]:
        policy = self._policies.named(request.policy)
        if self._workers.full and not patient:
            raise Busy()  # before the message is remembered: its caller will send it again
        message, memory = request.message(), None
        if request.remember:
            remembered, state = await self._remembering.context(tenant, request)
            message = request.message(remembered)
            memory = {"state": state, "messages": len(remembered) if request.context is None else 0}
        answer, timings = await self._workers.judge(message, policy, request.explain, patient)
        if request.message_id is not None:
            answer = {"message_id": request.message_id} | answer
        if memory is not None:
            answer["memory"] = memory
            trend = await self._remembering.trend(tenant, request, answer["areas"])
            if trend is not None:
                answer["trend"] = trend
        self._metrics.judged(answer, timings)
        if self._score_log is not None:
            self._score_log.offer(answer)
        if self._shadow is not None:
            self._shadow.compare(message, answer)
        if self._reviews is not None and store:
            await self._reviewed(self._reviews, tenant, request, message, answer)
        if answer["decision"] != Action.ALLOW:
            labels = [reason["label"] for reason in answer["reasons"]]
            lines = self._help_lines.for_answer(labels, Severity(answer["severity"]), request.country)
            answer["help"] = {"checked_on": self._help_lines.checked_on.isoformat(), "lines": lines}
        return answer | {"timings": timings}

    async def _reviewed(
        self, reviews: Reviews, tenant: str, request: ClassifyRequest, message: Message, answer: dict[str, Any]
    ) -> None:
        origin = Origin(
            tenant,
            request.message_id,
            request.revision,
            request.conversation_id,
            request.author_id,
            request.sent_at,
        )
        item_id: str | None = origin.item_id()
        assert item_id is not None
        probability = reviews.probability(item_id, answer)
        if probability is None:
            return
        try:
            # On a thread, as it waits for the disk; before the answer, so that an item which was told of is safe.
            await asyncio.to_thread(reviews.put, item_id, origin, message, answer, probability)
            self._metrics.review("stored")
        except SpoolError:
            self._metrics.review("refused")
            item_id = None
        if answer["decision"] != Action.ALLOW:  # who is drawn for the audit is not told
            answer["review_item"] = item_id

    @contextmanager
    def _counted(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._metrics.unjudged(_UNJUDGED.get(type(error), "error"))
            raise
