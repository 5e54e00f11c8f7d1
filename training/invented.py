"""Invented names and random numbers, so that neither a digit nor a name decides anything.

The corpus names medicines in care talk, and may name neither products nor amounts where somebody asks for or offers a
method. Left so, a product's name would come to mean safe. While training, safe and risky messages alike get names and
numbers that mean nothing; nothing of this is ever written to a file.
"""

import random
import re

_MEDICINE = re.compile(
    r"\b(pillen|pilletjes|pil|pillekes|medicijnen|medicatie|medicijn|tabletten|antidepressiva|slaappillen|pijnstillers|"
    r"(?!magazine)\w{3,}(?:traline|pram|zepam|apine|oxetine|azine|idone|cetamol))\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.,:/-])\d{1,3}(?![\w-]|[.,:/]\d)")
_KEPT = {"113", "112", "102", "106", "107", "116", "123"}
"""Emergency and help lines."""
_START = ("do", "ve", "lu", "mi", "tra", "ne", "so", "ca", "bri", "xa", "pa", "zo", "fe", "ar", "el")
_MIDDLE = ("ra", "li", "to", "ve", "ni", "da", "mo", "pe", "xi", "ba", "fo", "lo")
_END = ("tine", "pram", "lin", "zan", "dol", "mine", "fen", "vex", "tal", "ril")
_NAMES = [
    *(
        "anna",
        "bram",
        "cas",
        "daan",
        "eline",
        "fatima",
        "gijs",
        "hatice",
        "isa",
        "jelle",
        "kaat",
        "lotte",
        "mees",
        "noah",
    ),
    *(
        "omar",
        "pien",
        "quinten",
        "roos",
        "sem",
        "tess",
        "umut",
        "vera",
        "wout",
        "xander",
        "yara",
        "zoë",
        "mila",
        "stijn",
    ),
    *(
        "amber",
        "luuk",
        "nina",
        "jos",
        "ria",
        "henk",
        "els",
        "achmed",
        "joke",
        "thijs",
        "femke",
        "ilse",
        "robbe",
        "marwa",
    ),
]


def invent(text: str, rng: random.Random, share: float = 0.3) -> str:
    """Put invented names and random numbers in a text.

    Args:
        text: Any text.
        rng: Source of chance.
        share: Chance in [0, 1] that medicines get an invented name, and that numbers are drawn anew; a third of it that
            somebody is addressed by a first name.
    """
    if rng.random() < share:
        text = _MEDICINE.sub(lambda match: _medicine(match[0], rng), text)
    if rng.random() < share:
        text = _NUMBER.sub(lambda match: match[0] if match[0] in _KEPT else _number(len(match[0]), rng), text)
    if rng.random() < share / 3:
        name = first_name(rng)
        text = f"{name} {text}" if rng.random() < 0.5 else f"{text} {name}"
    return text


def first_name(rng: random.Random) -> str:
    """One of some forty."""
    return rng.choice(_NAMES)


def _medicine(word: str, rng: random.Random) -> str:
    if rng.random() < 0.7:
        word = rng.choice(_START) + rng.choice(_MIDDLE) + rng.choice(_END)
    return f"{_number(rng.randint(1, 2), rng)} {word}" if rng.random() < 0.25 else word


def _number(digits: int, rng: random.Random) -> str:
    return str(rng.randint(10 ** (digits - 1), 10**digits - 1))
