"""What no written message may hold: personal data, and amounts next to means."""

import re
from collections.abc import Iterator

from classifier.message import Message

_HELP_LINES = re.compile(r"(?<![\d+])(?<!\d[ -])(?:0800[- ]?0113|0800[- ]?0432|116[ ]?123)(?![ -]?\d)")
_PERSONAL = {
    "handle": re.compile(
        r"(?<![\w.])@(?!(?:mods?|moderators?|beheer(?:der)?|bot|admins?|iedereen|all(?:emaal)?|everyone|here)\b)\w{3,}"
    ),
    "e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.\w{2,}"),
    "phone number": re.compile(r"(?<!\d)(?:\+|00)?\d(?:[ -]?\d){8,12}(?!\d)"),
    # Reserved and made-up hosts ("https://...", breien.example, voorbeeld.nl) lead nowhere.
    "link": re.compile(
        r"(?:https?://|www\.)(?!\.|…|\S*(?:\.example|example\.|voorbeeld))[\w-]+(?:\.[\w-]+)+", re.IGNORECASE
    ),
    "bank account": re.compile(r"\b(?:NL|BE)\d{2} ?[A-Z0-9]{4} ?\d{4}", re.IGNORECASE),
    "postcode with number": re.compile(r"\b[1-9]\d{3} ?(?:[A-Z]{2}|[a-z]{2}),? \d{1,4}\b"),
}
_NUMBER = (
    r"(?:twee|drie|vier|vijf|zes|zeven|acht|negen|tien|elf|twaalf|dertien|veertien|vijftien|twintig|dertig|veertig|"
    r"vijftig|honderd)"
)
_MEANS = r"(?:pillen|pilletjes|pillekes|tabletten|capsules|slaappillen|medicijnen|paracetamol\w*|strips?|doosjes)"
_AMOUNT = re.compile(
    rf"\b(?:\d+|{_NUMBER} )(?: ?(?:van die|\w+) )? ?{_MEANS}\b|\b\d+ ?(?:mg|milligram|gram|ml|milliliter|cc)\b|"
    rf"\b{_MEANS} (?:van|x) (?:\d+|{_NUMBER})\b",
    re.IGNORECASE,
)


def personal_data(message: Message) -> Iterator[str]:
    """Names of the patterns of personal data that occur in the message or its context; help lines are allowed."""
    for text in (message.text, *(turn.text for turn in message.context)):
        plain = _HELP_LINES.sub(" ", text)
        yield from (name for name, pattern in _PERSONAL.items() if pattern.search(plain))


def amount_next_to_means(message: Message) -> bool:
    """Whether a message, or the context that it answers, names how much of something; asked of risky messages."""
    return any(_AMOUNT.search(text) for text in (message.text, *(turn.text for turn in message.context)))
