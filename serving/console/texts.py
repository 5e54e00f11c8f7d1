"""Every text of the console, in Dutch and English; see the folder `texts`."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

FOLDER = Path(__file__).with_name("texts")


class Language(StrEnum):
    """Of the console."""

    NL = "nl"
    EN = "en"


def read_texts(folder: Path = FOLDER) -> Mapping[str, Mapping[Language, str]]:
    """Texts by key, `<file>.<name>`.

    Raises:
        ValueError: A text lacks a language; names it.
    """
    texts = {}
    for file in sorted(folder.glob("*.toml")):
        for name, by_language in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if set(by_language) != {str(language) for language in Language}:
                raise ValueError(f"{file.name}: {name} needs nl and en")
            texts[f"{file.stem}.{name}"] = {Language(language): text for language, text in by_language.items()}
    return texts
