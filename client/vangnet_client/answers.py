"""What the service answers: plain dictionaries, typed. Fields that a later service adds are simply there too."""

from typing import Literal, NotRequired, TypedDict

Decision = Literal["allow", "review", "escalate"]
Severity = Literal["none", "low", "medium", "high"]
Ruling = Literal["right", "wrong", "unsure"]


class Span(TypedDict):
    """A part of the text that carried a reason: code points, `end` not included."""

    start: int
    end: int
    weight: float


class Reason(TypedDict):
    """A label that reached a threshold; `evidence` only with `explain`."""

    label: str
    score: float
    threshold: float
    action: Decision
    evidence: NotRequired[list[Span]]


class LabelScore(TypedDict):
    """Calibrated score and thresholds of one label, 0 to 1; `mode` only where the policy observes it or leaves it out."""

    score: float
    review_at: float
    escalate_at: float | None
    mode: NotRequired[Literal["on", "observe", "off"]]


# In this form because `for` is a word of Python.
HelpLine = TypedDict(
    "HelpLine",
    {
        "name": str,
        "country": Literal["NL", "BE"],
        "phone": str,
        "other_phone": NotRequired[str | None],
        "url": NotRequired[str | None],
        "audience": NotRequired[str | None],
        "for": list[Literal["author", "target"]],
    },
)
"""A help line that fits the message, for its author or for the peer at whom it is aimed."""


class Help(TypedDict):
    """Help lines, and the day (ISO 8601) on which somebody last checked the list."""

    checked_on: str
    lines: list[HelpLine]


class WouldBe(TypedDict):
    """The decision if labels that are only observed decided too."""

    decision: Decision
    severity: Severity
    reasons: list[Reason]


class Memory(TypedDict):
    """State of the conversation memory, and how many remembered messages served as context."""

    state: Literal["on", "off", "away"]
    messages: int


class Trend(TypedDict):
    """How the author's risk moves; it decides nothing."""

    risk: float
    direction: Literal["steady", "rising"]
    messages: int


class Versions(TypedDict):
    """What produced the answer."""

    model: str
    normaliser: str
    policy: str


class Timings(TypedDict):
    """Where the service's time went, in milliseconds."""

    wait_ms: float
    score_ms: float


class Answer(TypedDict):
    """What the model and the policy say about one message; people decide what happens.

    Attributes:
        decision: What the policy advises.
        severity: How urgent it is; a score says how sure.
        reasons: Labels at or over a threshold, highest score first.
        areas: Per area (`self_harm`, `peer_influence`) the highest label score.
        labels: All labels by name.
        help: Only when the decision is not `allow`.
        review_item: Id of a flagged message in the review storage; None when it could not be stored.
    """

    decision: Decision
    severity: Severity
    reasons: list[Reason]
    areas: dict[str, float]
    labels: dict[str, LabelScore]
    versions: Versions
    timings: Timings
    message_id: NotRequired[str]
    would_be: NotRequired[WouldBe]
    help: NotRequired[Help]
    memory: NotRequired[Memory]
    trend: NotRequired[Trend]
    review_item: NotRequired[str | None]


class FieldProblem(TypedDict):
    """What is wrong with one field of a request."""

    field: str
    problem: str


class Problem(TypedDict):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem]


class BatchItem(TypedDict):
    """One message of a batch: `result` or `error`, and its `message_id` when it has one."""

    message_id: NotRequired[str]
    result: NotRequired[Answer]
    error: NotRequired[Problem]


class Label(TypedDict):
    """One of the labels, in Dutch and English."""

    name: str
    area: str
    severity: Severity
    nl: str
    en: str
    description_nl: str
    description_en: str


class Model(TypedDict):
    """The model and the policy that judge; `mix` names the messages for which scores are probabilities."""

    model: str
    created: str
    labels: list[str]
    normaliser: str
    policy: str
    mix: dict[str, float]
    sha256: str


class VerdictKept(TypedDict):
    """A verdict was kept; `stored_item` says whether its message is in the review storage."""

    stored_item: bool


class Deleted(TypedDict):
    """What was deleted; `remembered` says whether conversation memory or author trend knew it."""

    items: int
    verdicts: int
    remembered: bool
