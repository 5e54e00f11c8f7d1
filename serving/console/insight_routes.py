"""Insight into a period, and reviewed messages as a file, for leads."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from serving.console import audit, drift, export, insight, moderator_agreement
from serving.console.access import At, Leading
from serving.console.export import FileForm, Purpose
from serving.console.sign_ins import Visitor
from serving.console.stores import Stores

PERIODS = (7, 30, 90)
"""Days to choose from."""
MEDIA = {FileForm.CSV: "text/csv; charset=utf-8", FileForm.JSONL: "application/x-ndjson"}
router = APIRouter()


@router.get("/insight")
def page(request: Request, stores: At, _: Leading, days: Annotated[int, Query()] = 30) -> HTMLResponse:
    """Figures of the last days, and the form for a file."""
    if days not in PERIODS:
        raise HTTPException(404)
    model = stores.classifier.bundle.name
    counts = {
        with_text: export.counts(stores.database, stores.sealing, with_text) if stores.sealing else None
        for with_text in (False, True)
    }
    shown: HTMLResponse = request.app.state.pages.render(
        request,
        "insight.html",
        days=days,
        periods=PERIODS,
        found=insight.look(stores.database, days),
        severities=insight.SEVERITIES,
        least=moderator_agreement.LEAST,
        drift=drift.drift(stores.database, model, datetime.now(UTC).date()),
        drift_days=(drift.RECENT, drift.BEFORE),
        least_samples=drift.LEAST,
        model=model,
        counts=counts[False],
        counts_with_text=counts[True],
        purposes=list(Purpose),
        forms=list(FileForm),
    )
    return shown


@router.get("/insight/export")
def export_labels(
    stores: At, visitor: Leading, form: Annotated[FileForm, Query()], purpose: Annotated[Purpose, Query()]
) -> StreamingResponse:
    """Reviewed messages without their texts."""
    return _file(stores, visitor, form, purpose, with_text=False)


@router.post("/insight/export")
def export_chosen(
    stores: At,
    visitor: Leading,
    form: Annotated[FileForm, Form()],
    purpose: Annotated[Purpose, Form()],
    text: Annotated[bool, Form()] = False,
) -> StreamingResponse:
    """Reviewed messages, with masked texts where the lead asks for them."""
    return _file(stores, visitor, form, purpose, text)


def _file(stores: Stores, visitor: Visitor, form: FileForm, purpose: Purpose, with_text: bool) -> StreamingResponse:
    if stores.sealing is None:  # without keys there are no pseudonyms
        raise HTTPException(404)
    counts = export.counts(stores.database, stores.sealing, with_text)
    # Noted first: nothing leaves that the log does not tell of.
    facts = {"purpose": str(purpose), "form": str(form), "with_text": with_text, "messages": counts[purpose]}
    audit.note(stores.database, visitor.name, "export", **facts)
    portions = export.portions(stores.database, stores.sealing, purpose, with_text)
    name = f"vangnet-{purpose}-{datetime.now(UTC):%Y-%m-%d}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(export.written(portions, form, with_text), media_type=MEDIA[form], headers=headers)
