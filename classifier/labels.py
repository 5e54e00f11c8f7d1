"""The eleven labels, once: everything that names, orders or describes labels derives from here.

The order of `LABELS` is the order of the model's logits. Full borders: docs/labelling-guide.md.
"""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How urgent a label is; `rank` orders them. A score says how sure, severity how urgent."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Position from 0 (none) to 3 (high)."""
        return list(Severity).index(self)


class Area(StrEnum):
    """The two groups of labels."""

    SELF_HARM = "self_harm"
    PEER_INFLUENCE = "peer_influence"


@dataclass(frozen=True)
class Label:
    """One label.

    Attributes:
        area: The group that the label belongs to.
        key: Short name within the area, such as ``ideation``.
        severity: How urgent a message with this label is.
        nl: Dutch name.
        en: English name.
        description_nl: Dutch description, one sentence.
        description_en: English description, one sentence.
    """

    area: Area
    key: str
    severity: Severity
    nl: str
    en: str
    description_nl: str
    description_en: str

    @property
    def name(self) -> str:
        """Full name as used in files and answers, such as ``self_harm/ideation``."""
        return f"{self.area}/{self.key}"


LABELS: tuple[Label, ...] = (
    Label(
        Area.SELF_HARM,
        "ideation",
        Severity.MEDIUM,
        "gedachten aan de dood",
        "ideation",
        "De schrijver wenst dood te zijn, niet te bestaan of niet wakker te worden, of denkt aan zelfdoding, zonder plan.",
        "The author wishes to be dead, not to exist or not to wake up, or thinks of suicide, without a plan.",
    ),
    Label(
        Area.SELF_HARM,
        "intent",
        Severity.HIGH,
        "voornemen",
        "intent",
        "Besluit, plan, voorbereiding, tijd, plaats, gekozen middel, afscheid, of een poging die bezig of net gedaan is.",
        "Decision, plan, preparation, time, place, chosen means, farewell, or an attempt under way or just made.",
    ),
    Label(
        Area.SELF_HARM,
        "injury",
        Severity.MEDIUM,
        "zelfverwonding",
        "self-injury",
        "De schrijver beschadigt nu of pas geleden het eigen lichaam, of voelt de drang; ook hongeren of braken als straf.",
        "The author hurts the own body now or recently, or feels the urge; also starving or purging as punishment.",
    ),
    Label(
        Area.SELF_HARM,
        "method_request",
        Severity.MEDIUM,
        "vraag naar een manier",
        "method request",
        "Vraagt hoe, waarmee, hoeveel, waar of hoe pijnlijk; of hoe wonden of gewicht te verbergen zijn.",
        "Asks how, with what, how much, where or how painful; or how to hide wounds or weight.",
    ),
    Label(
        Area.SELF_HARM,
        "third_party",
        Severity.MEDIUM,
        "zorg om een ander",
        "concern for somebody else",
        "De schrijver meldt dat iemand anders nu in gevaar kan zijn.",
        "The author reports that somebody else may be at risk now.",
    ),
    Label(
        Area.PEER_INFLUENCE,
        "incitement",
        Severity.HIGH,
        "aanzetten",
        "incitement",
        "Drijft, beveelt, daagt uit of juicht iemand toe tot zelfbeschadiging of zelfdoding.",
        "Urges, orders, dares or cheers somebody towards self-harm or suicide.",
    ),
    Label(
        Area.PEER_INFLUENCE,
        "method_sharing",
        Severity.MEDIUM,
        "een manier delen",
        "method sharing",
        "Biedt middelen, manieren, tips of plekken aan, of trucs om wonden, gewicht of een plan te verbergen.",
        "Offers or gives means, ways, tips or places, or tricks to hide wounds, weight or intent.",
    ),
    Label(
        Area.PEER_INFLUENCE,
        "pact",
        Severity.HIGH,
        "pact",
        "pact",
        "Stelt voor of stemt ermee in om het samen of tegelijk te doen.",
        "Proposes or accepts to do it together or at the same time.",
    ),
    Label(
        Area.PEER_INFLUENCE,
        "glorification",
        Severity.LOW,
        "verheerlijking",
        "glorification",
        "Stelt zelfbeschadiging, zelfdoding of een eetstoornis voor als mooi, sterk, normaal, een club of een wedstrijd.",
        "Presents self-harm, suicide or an eating disorder as beautiful, strong, normal, a club or a contest.",
    ),
    Label(
        Area.PEER_INFLUENCE,
        "help_undermining",
        Severity.LOW,
        "hulp ondermijnen",
        "undermining help",
        "Praat iemand hulp, eerlijkheid tegen zorgenden of voorgeschreven behandeling uit het hoofd, of eist geheimhouding.",
        "Talks somebody out of help, honesty with carers or prescribed treatment, or demands secrecy about risk.",
    ),
    Label(
        Area.PEER_INFLUENCE,
        "coercion",
        Severity.MEDIUM,
        "dwang",
        "coercion",
        "Gebruikt zelfbeschadiging, de dreiging ermee, schuld of afhankelijkheid om iemand te binden of te dwingen.",
        "Uses self-harm, its threat, guilt or dependence to bind or push somebody.",
    ),
)

LABEL_NAMES: tuple[str, ...] = tuple(label.name for label in LABELS)
BY_NAME: dict[str, Label] = {label.name: label for label in LABELS}
HIGH_SEVERITY: tuple[str, ...] = tuple(label.name for label in LABELS if label.severity is Severity.HIGH)


def area_columns(area: Area) -> list[int]:
    """Positions in `LABELS` of the labels of one area."""
    return [index for index, label in enumerate(LABELS) if label.area is area]
