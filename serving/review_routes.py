"""Endpoints of the review storage: verdicts and deletion."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, field_validator

from classifier.labels import LABEL_NAMES
from serving.access import needs
from serving.deletion import Kept, delete_stored
from serving.keys import MAX_NAME, Caller, Scope
from serving.problems import responses
from serving.reviews import Origin
from serving.schemas import MAX_REVISION, Id
from serving.schemas_policies import Name
from serving.verdicts import Ruling, save_verdict

router = APIRouter(prefix="/v1", tags=["review"], responses=responses(400, 401, 403, 413, 422, 503))


class VerdictBody(BaseModel):
    """What a moderator found."""

    model_config = ConfigDict(extra="forbid")

    message_id: Id
    revision: int = Field(default=0, ge=0, le=MAX_REVISION)
    moderator: Name = Field(description="Who judged; a pseudonym will do.")
    labels: dict[str, Ruling] = Field(
        min_length=1,
        description="Per label whether it holds for this message: `right`, `wrong` or `unsure`.",
        json_schema_extra={"propertyNames": {"enum": list(LABEL_NAMES)}},
    )
    action: Name | None = Field(default=None, description="What was done, in your own words.")

    @field_validator("labels")
    @classmethod
    def _known(cls, value: dict[str, Ruling]) -> dict[str, Ruling]:
        if not set(value) <= set(LABEL_NAMES):
            raise ValueError("has a name that is not one of the eleven labels (GET /v1/labels)")
        return value


class VerdictAnswer(BaseModel):
    """A kept verdict."""

    stored_item: bool = Field(
        description="Whether the message is in the review storage, or on its way there from this replica."
    )


class DeletionBody(BaseModel):
    """What is to be deleted."""

    model_config = ConfigDict(extra="forbid")

    of: Kept = Field(description="Whether the id is that of a message, a conversation or an author.")
    id: Id
    tenant: Name | None = Field(
        default=None,
        max_length=MAX_NAME,
        description="Name of the key that the messages came with. Default: this key's.",
    )


class DeletionAnswer(BaseModel):
    """What was deleted."""

    items: int = Field(ge=0)
    verdicts: int = Field(ge=0)
    remembered: bool = Field(description="Whether conversation memory or author trend knew it, and forgot it.")


@router.post("/verdicts", status_code=201)
def verdict(
    request: Request, caller: Annotated[Caller, Depends(needs(Scope.REVIEW))], body: VerdictBody
) -> VerdictAnswer:
    """Keep a verdict that was made in any tool; a later one of the same moderator takes its place."""
    service = request.app.state.service
    item_id = Origin(caller.tenant, body.message_id, body.revision).item_id()
    # Looked for here first: what leaves the spool in between is in the database then.
    waiting = service.spool is not None and service.spool.holds(item_id)
    stored = save_verdict(
        service.database,
        caller.tenant,
        body.message_id,
        body.revision,
        body.moderator,
        body.labels,
        body.action,
    )
    return VerdictAnswer(stored_item=stored or waiting)


@router.post("/deletions")
async def deletion(
    request: Request, caller: Annotated[Caller, Depends(needs(Scope.ADMIN))], body: DeletionBody
) -> DeletionAnswer:
    """Delete what is stored of a message, a conversation or an author, also what has not reached the database yet.

    Conversation memory forgets the conversation, author trend the author; an author's messages in the memory of
    conversations end with `VANGNET_MEMORY_MINUTES`.
    """
    service = request.app.state.service
    tenant = caller.tenant if body.tenant is None else body.tenant
    remembered = await service.remembering.forget(tenant, body.of, body.id)
    counts = await asyncio.to_thread(delete_stored, service.database, service.spool, tenant, body.of, body.id)
    return DeletionAnswer(**counts, remembered=remembered)
