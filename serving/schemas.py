"""Request and answer bodies of the HTTP API; limits come from the core, label names from the label table."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from classifier.labels import LABELS, Area, Severity
from classifier.message import MAX_CONTEXT, MAX_TEXT, Message, Role, Turn
from classifier.policy import Action, Mode
from serving.help_lines import Country
from serving.help_lines import Role as HelpRole
from serving.problems import Problem

MAX_ID = 128
"""Longest id that a caller may give, in code points."""
MAX_BATCH = 256
"""Most messages of a batch."""
MAX_REVISION = 1_000_000
Id = Annotated[str, Field(min_length=1, max_length=MAX_ID, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""An id of the platform's own; control characters would not fit every store."""
Version = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, description="1 to 10,000 code points.")]

REQUEST_EXAMPLES: dict[str, Any] = {
    "alledaags": {"summary": "Gewoon een bericht", "value": {"text": "Hoe laat begint de training vanavond?"}},
    "risico": {"summary": "Iemand loopt gevaar", "value": {"text": "ik wil gewoon niet meer wakker worden"}},
    "met context": {
        "summary": "De context geeft de betekenis",
        "value": {
            "text": "doe het dan gewoon",
            "context": [
                {"role": "self", "text": "wat is er nou weer"},
                {"role": "peer", "text": "ik wil er echt niet meer zijn"},
            ],
        },
    },
    "steun": {
        "summary": "Goede steun blijft ongemoeid",
        "value": {
            "text": "bel 113, ik blijf bij je tot je iemand aan de lijn hebt",
            "context": [{"role": "peer", "text": "ik denk er weer aan"}],
        },
    },
}


class ContextTurn(BaseModel):
    """An earlier message of the conversation."""

    model_config = ConfigDict(extra="forbid")

    role: Role = Field(description="Who wrote it: the author of the message (`self`) or somebody else (`peer`).")
    text: Text


class ClassifyRequest(BaseModel):
    """One message to judge, with what stood before it."""

    model_config = ConfigDict(extra="forbid")

    text: Text
    context: list[ContextTurn] | None = Field(
        default=None, max_length=MAX_CONTEXT, description="Up to five earlier messages, oldest first."
    )
    message_id: Id | None = Field(default=None, description="Your own id; the answer repeats it.")
    revision: int = Field(default=0, ge=0, le=MAX_REVISION, description="Which edit of the message this is.")
    conversation_id: Id | None = Field(default=None, description="Your own id of the conversation.")
    author_id: Id | None = Field(default=None, description="Your own id of the author, best a pseudonym.")
    sent_at: AwareDatetime | None = Field(default=None, description="When it was sent, with its time zone.")
    remember: bool = Field(
        default=False,
        description="Let this message be context of later ones of its conversation and count for its author's trend, where the "
        "service has these switched on. Needs `author_id`.",
    )
    policy: Version | None = Field(default=None, description="Decide by this policy instead of the active one.")
    explain: bool = Field(
        default=False,
        description="Name the words that carried each reason. A flagged message is then scored up to 96 times more.",
    )
    country: Country | None = Field(default=None, description="Help lines of this country only.")

    @field_validator("sent_at")
    @classmethod
    def _utc(cls, value: datetime | None) -> datetime | None:
        try:
            return value and value.astimezone(UTC)
        except OverflowError:
            raise ValueError("must lie in the years 1 to 9999 in UTC too") from None

    @model_validator(mode="after")
    def _author(self) -> Self:
        if self.remember and self.author_id is None:
            raise ValueError("remember: needs author_id")
        return self

    def message(self, remembered: Sequence[Turn] = ()) -> Message:
        """The core's message; where the request gives no context, what is remembered stands in its place."""
        if self.context is None:
            return Message(self.text, tuple(remembered))
        return Message(self.text, tuple(Turn(turn.role, turn.text) for turn in self.context))


class BatchRequest(BaseModel):
    """Many messages, each judged on its own."""

    model_config = ConfigDict(extra="forbid")

    # Any: a wrong message costs no other one its answer, so each is checked on its own.
    messages: list[Any] = Field(
        min_length=1,
        max_length=MAX_BATCH,
        description="1 to 256 messages as for `/v1/classify`. A message that is wrong gets an error in its place.",
        examples=[[{"text": "Hoe laat begint de training vanavond?"}, {"text": "ik wil niet meer wakker worden"}]],
    )


class EvidenceSpan(BaseModel):
    """A part of the text as sent that carried a reason."""

    start: int = Field(ge=0, description="First code point.")
    end: int = Field(ge=1, description="One past the last code point.")
    weight: float = Field(description="Mean fall of the label's logit without it.")


class ReasonAnswer(BaseModel):
    """A label that reached a threshold."""

    label: str
    score: float = Field(ge=0, le=1)
    threshold: float = Field(gt=0, le=1)
    action: Action
    evidence: list[EvidenceSpan] | None = Field(default=None, description="Only when the request asks to explain.")


class LabelAnswer(BaseModel):
    """Score and thresholds of one label."""

    score: float = Field(ge=0, le=1, description="Calibrated probability, for the mix named in the model card.")
    review_at: float = Field(gt=0, le=1)
    escalate_at: float | None = Field(gt=0, le=1)
    mode: Mode | None = Field(default=None, description="Only where the policy observes the label or leaves it out.")


class Versions(BaseModel):
    """What produced the answer."""

    model: str
    normaliser: str
    policy: str


class HelpLineAnswer(BaseModel):
    """A help line that fits the message."""

    name: str
    country: Country
    phone: str
    other_phone: str | None = None
    url: str | None = None
    audience: str | None = None
    roles: list[HelpRole] = Field(
        alias="for", description="The author of the message, or the peer at whom it is aimed."
    )


class HelpAnswer(BaseModel):
    """Help lines, and the day on which somebody last checked the list."""

    checked_on: date
    lines: list[HelpLineAnswer]


class Timings(BaseModel):
    """Where the time went, in milliseconds."""

    wait_ms: float = Field(ge=0, description="Waiting for a free worker.")
    score_ms: float = Field(ge=0, description="Normalising, encoding, scoring, deciding, explaining.")


class WouldBe(BaseModel):
    """The decision if labels that are only observed decided too."""

    decision: Action
    severity: Severity
    reasons: list[ReasonAnswer]


class MemoryAnswer(BaseModel):
    """What was remembered of the conversation."""

    state: Literal["on", "off", "away"] = Field(
        description="Off by the service's settings, or its store does not answer."
    )
    messages: int = Field(default=0, ge=0, le=MAX_CONTEXT, description="Remembered messages that served as context.")


class TrendAnswer(BaseModel):
    """How the author's risk moves."""

    risk: float = Field(ge=0, le=1, description="Mean of the self-harm score, a day old counts half.")
    direction: Literal["steady", "rising"]
    messages: int = Field(ge=1, description="Messages that it is known from.")


class ClassifyAnswer(BaseModel):
    """What the model and the policy say about one message. People decide what happens."""

    message_id: str | None = None

    decision: Action
    severity: Severity
    reasons: list[ReasonAnswer] = Field(description="Labels at or over a threshold, highest score first.")
    areas: dict[Area, float] = Field(description="Per area the highest label score.")
    labels: dict[str, LabelAnswer]
    would_be: WouldBe | None = Field(
        default=None, description="Only where a label that the policy observes reached a threshold."
    )
    help: HelpAnswer | None = Field(default=None, description="Only when the decision is not to allow.")
    memory: MemoryAnswer | None = Field(default=None, description="Only when the request asks to remember.")
    trend: TrendAnswer | None = Field(default=None, description="Only when asked to remember, and switched on.")
    review_item: str | None = Field(
        default=None,
        description="Id of a flagged message in the review storage; null when it could not be stored. Absent without storage.",
    )
    versions: Versions
    timings: Timings


class BatchItem(BaseModel):
    """The result or the error of one message of a batch; exactly one of the two is there."""

    message_id: str | None = None
    result: ClassifyAnswer | None = None
    error: Problem | None = None


class BatchAnswer(BaseModel):
    """One item a message, in the order of the request."""

    results: list[BatchItem]


class ModelAnswer(BaseModel):
    """The model and policy that judge."""

    model: str
    created: datetime
    labels: list[str] = Field(description="In the order of the model's outputs.")
    normaliser: str
    policy: str
    mix: dict[str, float] = Field(description="Shares of message groups for which scores are probabilities.")
    sha256: str = Field(description="Of the model file.")


class LabelDescription(BaseModel):
    """One of the eleven labels."""

    name: str
    area: Area
    severity: Severity
    nl: str
    en: str
    description_nl: str
    description_en: str


class Health(BaseModel):
    """Whether the service can be used."""

    status: str
    model: str | None = None
    policy: str | None = None
    degraded: list[str] = Field(default=[], description="What does not work now; messages are judged all the same.")


def label_descriptions() -> list[LabelDescription]:
    """All labels in logit order."""
    return [
        LabelDescription(
            name=label.name,
            area=label.area,
            severity=label.severity,
            nl=label.nl,
            en=label.en,
            description_nl=label.description_nl,
            description_en=label.description_en,
        )
        for label in LABELS
    ]
