"""A keyword list, as platforms use today: what the model has to be better than."""

import re
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "keywords.txt"


def spans(text: str) -> list[tuple[int, int]]:
    """Where words of the list stand in the text, regardless of case, as (start, end) in code points."""
    return [match.span() for match in _pattern().finditer(text)]


@cache
def _pattern() -> re.Pattern[str]:
    lines = [line.strip() for line in FILE.read_text(encoding="utf-8").splitlines()]
    words = sorted((line for line in lines if line and not line.startswith("#")), key=len, reverse=True)
    joined = "|".join(re.escape(word).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for word in words)
    return re.compile(rf"\b(?:{joined})\b", re.IGNORECASE)
