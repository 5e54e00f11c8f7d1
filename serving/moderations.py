"""`POST /v1/moderations` in the shape of OpenAI's endpoint: its clients need another address and nothing else."""

import uuid
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from classifier.labels import LABEL_NAMES
from classifier.message import MAX_TEXT
from classifier.policy import Action
from serving.access import needs, within_rate
from serving.foreign_errors import foreign_responses, openai_error
from serving.hang_up import unless_hung_up
from serving.keys import Caller, Scope
from serving.schemas import MAX_BATCH, ClassifyRequest, Text

PATH = "/v1/moderations"
router = APIRouter(tags=["other APIs"])

FILLED: dict[str, tuple[str, ...]] = {
    "self-harm": LABEL_NAMES,
    "self-harm/intent": ("self_harm/ideation", "self_harm/intent", "self_harm/injury"),
    "self-harm/instructions": (
        "self_harm/method_request",
        "peer_influence/incitement",
        "peer_influence/method_sharing",
    ),
}
"""Their categories that are judged, and the labels of which each is the highest (docs/labelling-guide.md, "field standard")."""
UNJUDGED = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)


class TextPart(BaseModel):
    """A part of one message."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["text"]
    text: Text

    @field_validator("type", mode="before")
    @classmethod
    def _readable(cls, value: Any) -> Any:
        if value == "image_url":
            raise ValueError("images cannot be judged; send the text alone")
        return value


def _kind(value: Any) -> str | None:
    if isinstance(value, str):
        return "text"
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "texts"
    return "parts" if isinstance(value, list) and all(isinstance(part, Mapping) for part in value) else None


Texts = Annotated[list[Text], Field(min_length=1, max_length=MAX_BATCH)]
Parts = Annotated[list[TextPart], Field(min_length=1, max_length=MAX_BATCH)]
Input = Annotated[
    Annotated[Text, Tag("text")] | Annotated[Texts, Tag("texts")] | Annotated[Parts, Tag("parts")],
    Discriminator(
        _kind,
        custom_error_type="input",
        custom_error_message="must be a text, a list of texts, or a list of text parts",
    ),
]


class ModerationRequest(BaseModel):
    """One message, several, or one in parts."""

    model_config = ConfigDict(extra="forbid")

    input: Input = Field(
        description="A text, up to 256 texts (each judged on its own), or the parts of one message (joined by line breaks).",
        examples=["Hoe laat begint de training vanavond?"],
    )
    model: str | None = Field(
        default=None, max_length=128, description="Taken and not used: the service has one model."
    )

    @model_validator(mode="after")
    def _short(self) -> Self:
        if any(len(text) > MAX_TEXT for text in self.texts()):
            raise ValueError(f"all parts together should have at most {MAX_TEXT} characters")
        return self

    def texts(self) -> list[str]:
        """The messages to judge."""
        if isinstance(self.input, str):
            return [self.input]
        parts = [part.text for part in self.input if isinstance(part, TextPart)]
        return ["\n".join(parts)] if parts else [part for part in self.input if isinstance(part, str)]


class ModerationResult(BaseModel):
    """What was found in one message."""

    flagged: bool = Field(description="Whether the policy asks for a moderator.")
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[Literal["text"]]] = Field(description="Empty: not judged at all.")
    decision: Action
    severity: str


class ModerationAnswer(BaseModel):
    """Results in the order of the input."""

    id: str
    model: str
    results: list[ModerationResult]


@router.post(
    PATH,
    response_model=ModerationAnswer,
    responses=foreign_responses(openai_error, 400, 401, 403, 413, 429, 500, 503),
)
async def moderations(
    body: ModerationRequest, caller: Annotated[Caller, Depends(needs(Scope.CLASSIFY, imitating=True))], request: Request
) -> JSONResponse:
    """Judge like OpenAI's moderation endpoint, by the active policy.

    Only its three self-harm categories are judged; all others are false and 0, with no applied input type. The eleven labels
    stand beside them.
    """
    service = request.app.state.service
    texts = body.texts()
    await within_rate(service.rates, caller, len(texts))
    if len(texts) == 1:
        one = service.judging.one(caller.tenant, ClassifyRequest(text=texts[0]))
        answers = [await unless_hung_up(request, one)]
    else:
        many = service.judging.many(caller.tenant, [{"text": text} for text in texts])
        items = await unless_hung_up(request, many)
        if failed := next((item["error"] for item in items if "error" in item), None):
            raise HTTPException(failed["status"], failed["detail"], {"Retry-After": "1"})
        answers = [item["result"] for item in items]
    results = [_result(answer) for answer in answers]
    return JSONResponse({"id": f"modr-{uuid.uuid4().hex}", "model": service.classifier.bundle.name, "results": results})


def _result(answer: Mapping[str, Any]) -> dict[str, Any]:
    reached = {reason["label"] for reason in answer["reasons"]}
    scores = {name: label["score"] for name, label in answer["labels"].items()}

    def highest(labels: Collection[str]) -> float:
        return float(max(scores[name] for name in labels))

    unjudged = dict.fromkeys(UNJUDGED, False)
    judged = {name: not reached.isdisjoint(labels) for name, labels in FILLED.items()}
    return {
        "flagged": answer["decision"] != Action.ALLOW,
        "categories": unjudged | judged | {name: name in reached for name in scores},
        "category_scores": dict.fromkeys(UNJUDGED, 0.0)
        | {name: highest(labels) for name, labels in FILLED.items()}
        | scores,
        "category_applied_input_types": {name: [] for name in UNJUDGED}
        | {name: ["text"] for name in (*FILLED, *scores)},
        "decision": answer["decision"],
        "severity": answer["severity"],
    }
