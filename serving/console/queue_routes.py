"""The review queue: the list, one message, and what a moderator says of it."""

import re
import time
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from classifier.evidence import evidence
from classifier.labels import LABEL_NAMES, LABELS
from classifier.message import MAX_TEXT, Message, Turn
from serving.console import audit, claims, judgements, queue
from serving.console.access import At, Moderating
from serving.console.judgements import MAX_ACTION, MAX_NOTE, Judgement, NotHeld, TooLate
from serving.console.queue import Filters
from serving.console.sign_ins import Visitor
from serving.console.stores import Stores
from serving.links import LINKED, link
from serving.tables import ReviewItem
from serving.verdicts import Ruling

router = APIRouter()
PREVIEW = 280
"""Code points of a message in the list."""
EVIDENCE_SECONDS = 5
"""After which words that carried a score are no longer sought."""
Filtered = Annotated[Filters, Query()]
_ID = re.compile(r"[0-9a-f-]{36}")
_KEYS = "1234567890-"
"""One a label, as they stand on the keyboard."""


def _item(item_id: str, stores: At) -> ReviewItem:
    item = queue.find(stores.database, item_id) if _ID.fullmatch(item_id) else None
    if item is None:
        raise HTTPException(404)
    return item


async def _rulings(request: Request) -> dict[str, Ruling]:
    """What the form says per label; where it says that nothing (else) holds, all others are wrong."""
    form = await request.form()
    given = {name: form.get(f"label:{name}") or ("wrong" if form.get("nothing") else None) for name in LABEL_NAMES}
    try:
        return {name: Ruling(str(value)) for name, value in given.items() if value is not None}
    except ValueError:
        raise HTTPException(422) from None


Found = Annotated[ReviewItem, Depends(_item)]
Rulings = Annotated[dict[str, Ruling], Depends(_rulings)]


@router.get("/queue")
def queue_page(request: Request, stores: At, visitor: Moderating, filters: Filtered) -> HTMLResponse:
    """The list."""
    now = datetime.now(UTC)
    rows, total = queue.listed(stores.database, visitor.name, filters, now)
    shown = []
    for number, (item, claim) in enumerate(rows, queue.PAGE * (filters.page - 1) + 1):
        content = queue.opened(stores.sealing, item)
        shown.append(
            {
                "number": number,
                "item": item,
                "claim": claim,
                "age": queue.age(item.received_at, now),
                "text": content and _preview(content.text),
                "link": _link(stores, item),
            }
        )
    pages = max(1, -(-total // queue.PAGE))
    return _render(
        request,
        "queue.html",
        rows=shown,
        total=total,
        pages=pages,
        filters=filters,
        address=urlencode(filters.query()),
        judged=len(judgements.moments(stores.database, visitor.name, visitor.since)),
    )


@router.post("/queue/next")
def next_item(
    request: Request, stores: At, visitor: Moderating, filters: Filtered, leave: Annotated[str | None, Form()] = None
) -> Response:
    """Claim the first free item, after giving back the one that is left, and lead to it."""
    if leave is not None and _ID.fullmatch(leave) and claims.release(stores.database, leave, visitor.name):
        audit.note(stores.database, visitor.name, "release", item=leave)
    item_id = claims.take_next(stores.database, visitor.name, filters, skip=leave)
    if item_id is None:
        return RedirectResponse("/queue?notice=queue.notice_empty", 303)
    audit.note(stores.database, visitor.name, "claim", item=item_id)
    return RedirectResponse(f"/items/{item_id}", 303)


@router.get("/queue/done")
def done_page(request: Request, stores: At, visitor: Moderating, item: str | None = None) -> HTMLResponse:
    """A moment of calm after a verdict: nothing comes by itself."""
    judged = judgements.moments(stores.database, visitor.name, visitor.since)
    return _render(
        request,
        "queue_done.html",
        judged=len(judged),
        together=len([at for at in judged if at == judged[-1]]),
        pause=judgements.break_due(visitor.since, judged),
        item_id=item if item is not None and _ID.fullmatch(item) else None,
        minutes=int(judgements.UNDO.total_seconds() / 60),
    )


@router.get("/items/{item_id}")
def item_page(request: Request, stores: At, visitor: Moderating, item: Found) -> HTMLResponse:
    """One message with what stood before it, and the form for who holds it."""
    return _item_page(request, stores, visitor, item)


@router.get("/items/{item_id}/evidence")
def item_evidence(stores: At, visitor: Moderating, item: Found) -> JSONResponse:
    """The parts of the masked text that carried what the item is about: ``spans`` with ``start`` and ``end`` in code points."""
    content = queue.opened(stores.sealing, item)
    if content is None:
        raise HTTPException(404)
    # Tags may have made a masked text longer than a message can be.
    turns = tuple(Turn(role, text[:MAX_TEXT]) for role, text in content.context)
    message = Message(content.text[:MAX_TEXT], turns)
    try:
        labels, _ = queue.concerns(item)
        found = evidence(stores.classifier, message, labels, time.perf_counter() + EVIDENCE_SECONDS)
    except TimeoutError:
        raise HTTPException(503) from None
    # Without their labels: the parts may be looked at before the model's opinion is.
    places = sorted({(span.start, span.end) for spans in found.values() for span in spans})
    return JSONResponse({"spans": [{"start": start, "end": end} for start, end in places]})


@router.post("/items/{item_id}/claim")
def claim(request: Request, stores: At, visitor: Moderating, item: Found) -> Response:
    """Claim an item, or hold it longer."""
    if not claims.renew(stores.database, item.id, visitor.name):
        verdicts = judgements.verdicts_on(stores.database, item.id)
        if judgements.visible_to(visitor.name, verdicts) or not _taken(stores, visitor, item.id):
            return _item_page(request, stores, visitor, item, 409)
    if request.headers.get("Accept") == "application/json":
        return Response(status_code=204)
    return RedirectResponse(f"/items/{item.id}", 303)


@router.post("/items/{item_id}/release")
def release(request: Request, stores: At, visitor: Moderating, item: Found) -> Response:
    """Give an item back."""
    if claims.release(stores.database, item.id, visitor.name):
        audit.note(stores.database, visitor.name, "release", item=item.id)
    return RedirectResponse("/queue?notice=queue.notice_released", 303)


@router.post("/items/{item_id}/verdict")
def verdict(
    request: Request,
    stores: At,
    visitor: Moderating,
    item: Found,
    rulings: Rulings,
    action: Annotated[str, Form(max_length=MAX_ACTION, pattern=r"^[^\x00-\x1f\x7f]*$")] = "",
    note: Annotated[str, Form(max_length=2 * MAX_NOTE)] = "",
    second_opinion: Annotated[bool, Form()] = False,
    together: Annotated[bool, Form()] = False,
    also: Annotated[list[str], Form()] = [],  # noqa: B006 (read only)
) -> Response:
    """Keep a verdict, of duplicates together where that was asked."""
    # Browsers send line breaks as two characters and count them as one.
    note = note.replace("\r\n", "\n").strip()[:MAX_NOTE]
    judgement = Judgement(rulings, action.strip() or None, note or None, second_opinion)
    if not rulings:
        return _item_page(request, stores, visitor, item, 422, problem="queue.problem_empty", draft=judgement)
    others: list[str] = []
    if together:  # of those that the moderator was shown
        known = queue.duplicates(stores.database, stores.sealing, item, visitor.name, datetime.now(UTC))
        others = [one.item_id for one in known if one.item_id in also]
    try:
        judged = judgements.save(stores.database, stores.sealing, item.id, visitor.name, judgement, others)
    except NotHeld:
        # What was filled in stays, and can be saved if nobody else took the item meanwhile.
        mine = judgements.visible_to(visitor.name, judgements.verdicts_on(stores.database, item.id))
        again = not mine and _taken(stores, visitor, item.id)
        problem = "queue.problem_claim_over" if again else None
        return _item_page(request, stores, visitor, item, 409, problem=problem, draft=judgement)
    except judgements.AlreadyJudged:
        claims.release(stores.database, item.id, visitor.name)
        return _item_page(request, stores, visitor, item, 409)
    counts = {str(one): list(rulings.values()).count(one) for one in Ruling}
    audit.note(stores.database, visitor.name, "verdict", item=item.id, items=len(judged), **counts)
    if second_opinion:
        audit.note(stores.database, visitor.name, "second_opinion", item=item.id, items=len(judged))
    return RedirectResponse(f"/queue/done?item={item.id}", 303)


@router.post("/items/{item_id}/undo")
def undo(request: Request, stores: At, visitor: Moderating, item: Found) -> Response:
    """Take one's own verdict back and go on with the item."""
    try:
        undone = judgements.undo(stores.database, item.id, visitor.name)
    except TooLate:
        return _item_page(request, stores, visitor, item, 409, problem="queue.problem_undo")
    audit.note(stores.database, visitor.name, "undo", item=item.id, items=len(undone))
    _taken(stores, visitor, item.id)
    return RedirectResponse(f"/items/{item.id}?notice=queue.notice_undone", 303)


def _taken(stores: Stores, visitor: Visitor, item_id: str) -> bool:
    taken = claims.take(stores.database, item_id, visitor.name)
    if taken:
        audit.note(stores.database, visitor.name, "claim", item=item_id)
    return taken


def _item_page(
    request: Request,
    stores: Stores,
    visitor: Visitor,
    item: ReviewItem,
    status: int = 200,
    problem: str | None = None,
    draft: Judgement | None = None,
) -> HTMLResponse:
    now = datetime.now(UTC)
    holder = claims.holder(stores.database, item.id, now)
    history = judgements.visible_to(visitor.name, judgements.verdicts_on(stores.database, item.id))
    own = next((one for one in history if one.moderator == visitor.name), None)
    held = own is None and holder is not None and holder.moderator == visitor.name
    if status == 409 and problem is None:
        problem = "queue.problem_judged" if own else "queue.problem_held"
    labels, severity = queue.concerns(item)
    language = request.app.state.pages.language(request)
    return _render(
        request,
        "item.html",
        status,
        item=item,
        age=queue.age(item.received_at, now),
        content=queue.opened(stores.sealing, item),
        link=_link(stores, item),
        holder=holder,
        held=held,
        own=own,
        history=[(one, _note(stores, one.note)) for one in history],
        undoable=own is not None and own.at >= now - judgements.UNDO,
        problem=problem,
        draft=draft or Judgement({}),
        order=list(zip(_KEYS, queue.label_order(item), strict=True)),
        scores=dict(zip(LABEL_NAMES, item.scores, strict=True)),
        help_lines=stores.help_lines.for_answer(labels, severity, None),
        descriptions={one.name: getattr(one, f"description_{language}") for one in LABELS},
        checked_on=stores.help_lines.checked_on,
        conversation=queue.related(stores.database, item, "conversation_id"),
        author=queue.related(stores.database, item, "author_id"),
        duplicates=queue.duplicates(stores.database, stores.sealing, item, visitor.name, now) if held else [],
        notes=stores.sealing is not None,
        max_action=MAX_ACTION,
        max_note=MAX_NOTE,
    )


def _note(stores: Stores, sealed: bytes | None) -> str | None:
    content = stores.sealing.open(sealed) if stores.sealing and sealed else None
    return None if content is None else content.decode()


def _link(stores: Stores, item: ReviewItem) -> str | None:
    template = stores.settings.review_link
    return template and link(template, {name: getattr(item, name) for name in LINKED})


def _preview(text: str) -> str:
    return text if len(text) <= PREVIEW else f"{text[:PREVIEW]}…"


def _render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    page: HTMLResponse = request.app.state.pages.render(request, template, status, **values)
    return page
