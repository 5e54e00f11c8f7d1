"""A message tried out: what becomes of it under the active policy and another one. Nothing of it is kept."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse

from classifier import Message, MessageError
from classifier.answer import judge
from classifier.labels import Severity
from classifier.message import MAX_CONTEXT, MAX_TEXT, Role, Turn
from classifier.policy import Policy
from serving.console.access import At, Moderating
from serving.console.stores import Stores
from serving.policies import UnusablePolicy

SECONDS = 10.0
"""For which words that carried a score are looked for; scores come in any case."""
router = APIRouter()
Problems = Mapping[str, tuple[str, Mapping[str, int]]]
"""By field the key of a text and its parts."""


@dataclass(frozen=True)
class Typed:
    """What stands in the form.

    Attributes:
        text: The message.
        turns: Role and text of earlier messages, oldest first; those without text do not count.
        policy: Version to compare with, or empty.
    """

    text: str = ""
    turns: Sequence[tuple[Role, str]] = ()
    policy: str = ""

    def message(self) -> tuple[Message | None, Problems]:
        """The message, or None and what is wrong with each field: `text`, `context`, or a turn's number from 0."""
        problems: dict[str, tuple[str, Mapping[str, int]]] = {}
        turns, message = [], None
        for number, (role, text) in enumerate(self.turns):
            try:
                turns += [Turn(role, text)] if text else []
            except MessageError:
                problems[str(number)] = _problem(text)
        try:
            message = Message(self.text, tuple(turns))
        except MessageError as error:
            many = ("try.wrong_turns", {"has": len(turns), "most": MAX_CONTEXT})
            problems[error.field] = many if error.field == "context" else _problem(self.text)
        return (None if problems else message), problems


@router.get("/try")
def form(request: Request, stores: At, _: Moderating) -> HTMLResponse:
    """The empty form."""
    return _page(request, stores, Typed(), {}, [])


@router.post("/try")
def judged(
    request: Request,
    stores: At,
    _: Moderating,
    text: Annotated[str, Form()] = "",
    role: Annotated[Sequence[Role], Form()] = (),
    turn: Annotated[Sequence[str], Form()] = (),
    policy: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """The form as it was filled in, and the outcome below it; a page, not a redirect, as nothing may be kept."""
    if len(role) != len(turn):
        raise HTTPException(422)
    typed = Typed(_lines(text), list(zip(role, map(_lines, turn), strict=True)), policy)
    message, problems = typed.message()
    stores.policies.refresh()
    active = stores.policies.active
    try:
        chosen = stores.policies.named(policy or None)
    except UnusablePolicy:
        problems = {**problems, "policy": ("try.wrong_policy", {})}
    if message is None or problems:
        return _page(request, stores, typed, problems, [])
    compared = [active] if chosen.version == active.version else [active, chosen]
    return _page(request, stores, typed, {}, [_outcome(stores, message, one) for one in compared])


def pieces(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The text cut where evidence begins and ends, and whether each piece is evidence.

    Args:
        text: As it was judged.
        spans: Start and end in code points; they may overlap.
    """
    found: list[tuple[str, bool]] = []
    done = 0
    for start, end in sorted(spans):
        if end > done:
            start = max(start, done)
            found += [(text[done:start], False), (text[start:end], True)]
            done = end
    return [(piece, marked) for piece, marked in [*found, (text[done:], False)] if piece]


def _page(
    request: Request, stores: Stores, typed: Typed, problems: Problems, outcomes: Sequence[Mapping[str, Any]]
) -> HTMLResponse:
    empty = [(Role.PEER, "")] * (MAX_CONTEXT - len(typed.turns))
    page: HTMLResponse = request.app.state.pages.render(
        request,
        "try.html",
        422 if problems else 200,
        typed=typed,
        turns=[*typed.turns, *empty],
        roles=list(Role),
        most=MAX_TEXT,
        policies=_policies(stores),
        problems=problems,
        outcomes=outcomes,
        checked_on=stores.help_lines.checked_on,
    )
    return page


def _policies(stores: Stores) -> list[str]:
    """Versions that can be compared with the active one: thresholds hold for one model."""
    model = stores.classifier.policy.model
    return [one["version"] for one in stores.policies.listed() if one["model"] == model and not one["active"]]


def _outcome(stores: Stores, message: Message, policy: Policy) -> dict[str, Any]:
    until = time.perf_counter() + SECONDS
    answer = judge(stores.classifier, message, explain=True, until=until, policy=policy)
    reasons = answer["reasons"]
    spans = ((span["start"], span["end"]) for reason in reasons for span in reason.get("evidence", ()))
    names = [reason["label"] for reason in reasons]
    return {
        "answer": answer,
        "actions": {reason["label"]: reason["action"] for reason in reasons},
        "explained": all("evidence" in reason for reason in reasons),
        "pieces": pieces(message.text, spans),
        "help": stores.help_lines.for_answer(names, Severity(answer["severity"]), None),
    }


def _problem(text: str) -> tuple[str, Mapping[str, int]]:
    if 1 <= len(text) <= MAX_TEXT:
        return "try.wrong_unicode", {}
    return "try.wrong_length", {"has": len(text), "most": MAX_TEXT}


def _lines(text: str) -> str:
    """Forms send every line break as CR LF; on the platform it was one character."""
    return text.replace("\r\n", "\n")
