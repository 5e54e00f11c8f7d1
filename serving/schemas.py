"""Request and answer bodies of the HTTP API; limits come from the core, label names from the label table."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from classifier.labels import LABELS, Area, Severity
from classifier.message import MAX_CONTEXT, MAX_TEXT, Message, Role, Turn
from classifier.policy import Action

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

    def message(self) -> Message:
        """The core's message."""
        return Message(self.text, tuple(Turn(turn.role, turn.text) for turn in self.context or ()))


class ReasonAnswer(BaseModel):
    """A label that reached a threshold."""

    label: str
    score: float = Field(ge=0, le=1)
    threshold: float = Field(gt=0, le=1)
    action: Action


class LabelAnswer(BaseModel):
    """Score and thresholds of one label."""

    score: float = Field(ge=0, le=1, description="Calibrated probability, for the mix named in the model card.")
    review_at: float = Field(gt=0, le=1)
    escalate_at: float | None = Field(gt=0, le=1)


class Versions(BaseModel):
    """What produced the answer."""

    model: str
    normaliser: str
    policy: str


class ClassifyAnswer(BaseModel):
    """What the model and the policy say about one message. People decide what happens."""

    decision: Action
    severity: Severity
    reasons: list[ReasonAnswer] = Field(description="Labels at or over a threshold, highest score first.")
    areas: dict[Area, float] = Field(description="Per area the highest label score.")
    labels: dict[str, LabelAnswer]
    versions: Versions


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
