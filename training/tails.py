"""Ends and beginnings that people put to any message: a greeting, a number to call, a request to answer.

In the corpus a telephone number stands mostly in offers of help and in advertisements, so a model learns that it means
safe: vangnet-0.2.0 lets "ik wil dood. bel me op 06 ..." pass. While training, safe and risky messages alike get such
parts; nothing of this is ever written to a file.
"""

import random

from training.invented import first_name

_BEGINNINGS = (
    "hoi allemaal,",
    "hey",
    "hallo",
    "sorry dat ik stoor maar",
    "even van me afschrijven:",
    "oke dus",
    "ja",
    "eh",
)
_ENDS = (
    *(
        "groetjes",
        "groetjes {name}",
        "gr {name}",
        "liefs {name}",
        "xx",
        "xxx {name}",
        "fijne avond nog",
        "doei",
        "mvg {name}",
    ),
    *(
        "bel me op {phone}",
        "mijn nummer is {phone}",
        "app me: {phone}",
        "je kan me bereiken op {phone}",
        "mail naar {mail}",
    ),
    *("wat vinden jullie?", "iemand wakker?", "stuur maar een berichtje", "reageer ff", "sorry voor het lange bericht"),
    *("mijn snap is {account}", "add me op discord {account}", "kun je me terugbellen?", "lees dit alsjeblieft"),
)
_JOINTS = (". ", " ", ", ", "\n", "... ")


def with_tail(text: str, rng: random.Random, share: float = 0.06) -> str:
    """Put such a part at the end of a text, or one time in four before it.

    Args:
        text: Any text.
        rng: Source of chance.
        share: Chance in [0, 1] that anything is added.
    """
    if rng.random() >= share:
        return text
    if rng.random() < 0.25:
        return f"{rng.choice(_BEGINNINGS)} {text}"
    return f"{text}{rng.choice(_JOINTS)}{_filled(rng.choice(_ENDS), rng)}"


def _filled(end: str, rng: random.Random) -> str:
    name = first_name(rng)
    number = "".join(str(rng.randint(0, 9)) for _ in range(8))
    phone = rng.choice((f"06{number}", f"06-{number}", f"06 {number[:4]} {number[4:]}", f"+316{number}", f"04{number}"))
    account = f"{name}{rng.choice(('_', '.', ''))}{rng.randint(1, 999)}"
    return end.format(name=name, phone=phone, mail=f"{name}@voorbeeld.nl", account=account)
