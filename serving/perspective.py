"""`POST /v1alpha1/comments:analyze` in the shape of the Perspective API, which ends on 2026-12-31."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator

from classifier.labels import LABEL_NAMES, Area
from classifier.message import MAX_CONTEXT, MAX_TEXT, Message, Role, Turn
from serving.access import by_query_too, within_rate
from serving.foreign_errors import foreign_responses, google_error
from serving.hang_up import unless_hung_up
from serving.keys import Caller
from serving.schemas import ClassifyRequest, ContextTurn, Text

PATH = "/v1alpha1/comments:analyze"
router = APIRouter(tags=["other APIs"])

MAX_SPANS = 32
"""Most parts of a text that are scored on their own; each costs as much as a message."""
MAX_ENTRIES = 256
ATTRIBUTES: dict[str, str] = {name.upper().replace("/", "_"): name for name in (*Area, *LABEL_NAMES)}
"""Attribute names, such as ``SELF_HARM`` and ``SELF_HARM_INTENT``, with the area or label that each stands for."""
_NAME = re.compile(r"[A-Z_]{1,40}")
_SENTENCE = re.compile(r"[^.!?…\n]*[.!?…\n]*")


class Entry(BaseModel):
    """A text."""

    model_config = ConfigDict(extra="forbid")

    text: Text
    type: Literal["PLAIN_TEXT", "TEXT_TYPE_UNSPECIFIED"] = "PLAIN_TEXT"


class ArticleAndParent(BaseModel):
    """What a comment stands below; the article is not read."""

    model_config = ConfigDict(extra="forbid")

    article: dict[str, Any] | None = None
    parentComment: Entry | None = None


class CommentContext(BaseModel):
    """What stood before the comment."""

    model_config = ConfigDict(extra="forbid")

    entries: list[Entry] = Field(
        default=[], max_length=MAX_ENTRIES, description="Oldest first; the last five are read."
    )
    articleAndParentComment: ArticleAndParent | None = None


class AttributeParameters(BaseModel):
    """How an attribute is asked for."""

    model_config = ConfigDict(extra="forbid")

    scoreType: Literal["PROBABILITY", "SCORE_TYPE_UNSPECIFIED"] = "PROBABILITY"
    scoreThreshold: float = Field(default=0, ge=0, le=1, description="Lower scores are left out.")


class AnalyzeRequest(BaseModel):
    """One comment and what is asked about it."""

    model_config = ConfigDict(extra="forbid")

    comment: Entry
    requestedAttributes: dict[str, AttributeParameters] = Field(
        min_length=1,
        description="`SELF_HARM`, `PEER_INFLUENCE`, or a label such as `SELF_HARM_INTENT`. Nothing else is judged.",
        json_schema_extra={"propertyNames": {"enum": list(ATTRIBUTES)}},
        examples=[{"SELF_HARM": {}, "PEER_INFLUENCE": {}}],
    )
    context: CommentContext | None = None
    languages: list[Annotated[str, Field(max_length=35)]] = Field(default=[], max_length=16, examples=[["nl"]])
    doNotStore: bool = Field(default=False, description="Keep the comment out of the review storage.")
    spanAnnotations: bool = Field(default=False, description="Score each sentence on its own too.")
    clientToken: str | None = Field(default=None, max_length=1024, description="Comes back.")
    sessionId: str | None = Field(default=None, max_length=1024, description="Not used.")
    communityId: str | None = Field(default=None, max_length=1024, description="Not used.")

    @field_validator("requestedAttributes", mode="before")
    @classmethod
    def _judged(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and (unknown := [name for name in value if name not in ATTRIBUTES]):
            name = unknown[0] if _NAME.fullmatch(str(unknown[0])) else "(another)"
            raise ValueError(f"attribute {name} is not judged; there are {', '.join(ATTRIBUTES)}")
        return value

    @field_validator("languages")
    @classmethod
    def _dutch(cls, value: list[str]) -> list[str]:
        if value and not any(tag.lower().split("-")[0] == "nl" for tag in value):
            raise ValueError("only Dutch (nl) is judged")
        return value

    def turns(self) -> list[Entry]:
        """What stood before the comment, oldest first, as many as are read."""
        if self.context is None:
            return []
        parent = self.context.articleAndParentComment and self.context.articleAndParentComment.parentComment
        return [*([parent] if parent else []), *self.context.entries][-MAX_CONTEXT:]


class Score(BaseModel):
    """A calibrated probability."""

    value: float = Field(ge=0, le=1)
    type: Literal["PROBABILITY"]


class SpanScore(BaseModel):
    """The score of a part of the comment; `begin` and `end` (one past the last) are code points."""

    begin: int = Field(ge=0)
    end: int = Field(le=MAX_TEXT)
    score: Score


class AttributeScores(BaseModel):
    """Scores of one attribute."""

    summaryScore: Score
    spanScores: list[SpanScore]


class AnalyzeAnswer(BaseModel):
    """Scores of the asked attributes; the language is taken to be Dutch, not detected."""

    attributeScores: dict[str, AttributeScores]
    languages: list[str]
    clientToken: str | None = None


@router.post(
    PATH,
    response_model=AnalyzeAnswer,
    response_model_exclude_none=True,
    responses=foreign_responses(google_error, 400, 401, 403, 413, 429, 500, 503),
)
async def analyze(
    body: AnalyzeRequest, caller: Annotated[Caller, Depends(by_query_too)], request: Request
) -> JSONResponse:
    """Score a comment like the Perspective API.

    A span's score is that of its sentence judged alone, after the same context. Toxicity and the like get a 400: there is no
    score that could be given for them.
    """
    service = request.app.state.service
    turns = [ContextTurn(role=Role.PEER, text=entry.text) for entry in body.turns()]
    asked = ClassifyRequest(text=body.comment.text, context=turns)
    spans = list(_spans(body.comment.text)) if body.spanAnnotations else []
    await within_rate(service.rates, caller, 1 + len(spans) if len(spans) > 1 else 1)
    answer = await unless_hung_up(request, service.judging.one(caller.tenant, asked, store=not body.doNotStore))
    parts = [answer]
    if len(spans) > 1:
        context = tuple(Turn(turn.role, turn.text) for turn in turns)
        messages = [Message(body.comment.text[begin:end], context) for begin, end in spans]
        parts = await unless_hung_up(request, service.judging.parts(messages))
    whole = spans or [(0, len(body.comment.text))]
    scores = {}
    for name, wanted in body.requestedAttributes.items():
        summary = _score(answer, name)
        if summary["value"] >= wanted.scoreThreshold:
            scores[name] = {
                "summaryScore": summary,
                "spanScores": [
                    {"begin": begin, "end": end, "score": _score(part, name)}
                    for (begin, end), part in zip(whole, parts, strict=True)
                ],
            }
    token = {} if body.clientToken is None else {"clientToken": body.clientToken}
    return JSONResponse({"attributeScores": scores, "languages": ["nl"]} | token)


def _score(answer: Mapping[str, Any], attribute: str) -> dict[str, Any]:
    name = ATTRIBUTES[attribute]
    value = answer["areas"][name] if name in answer["areas"] else answer["labels"][name]["score"]
    return {"value": value, "type": "PROBABILITY"}


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Sentences without the white space around them; of a text with very many, neighbours are taken together."""
    found = []
    for match in _SENTENCE.finditer(text):
        stripped = match.group().strip()
        if stripped:
            begin = match.start() + match.group().index(stripped)
            found.append((begin, begin + len(stripped)))
    size = -(-len(found) // MAX_SPANS)
    for first in range(0, len(found), max(1, size)):
        together = found[first : first + size]
        yield together[0][0], together[-1][1]
