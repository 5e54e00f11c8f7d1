"""Undo disguises and spelling noise that carry no meaning, and leave ordinary text alone.

A pure function with a version: a model is trained on, and only used with, one version. What the rules cannot undo
with certainty (starred letters, most abbreviations) is left for the model, which is trained on such noise.
"""

import re
import unicodedata

VERSION = "1"

# Cyrillic and Greek letters that look like Latin ones; used only inside words that also hold Latin letters.
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏкмтвнгпАВЕКМНОРСТУХІЈЅαεορυικντΑΒΕΗΙΚΜΝΟΡΤΥΧΖ",
    "aeopcyxijsdhlkmtbhrnABEKMHOPCTYXIJSaeopuikvtABEHIKMNOPTYXZ",
)
# Arabic and Japanese ligatures that stand for whole phrases: NFKC would make one code point up to 18.
_LIGATURES = re.compile(r"[\ufdf0-\ufdfb\u3300-\u33ff]")
_FOREIGN = re.compile(r"[\u0370-\u03ff\u0400-\u052f]")
_LATIN = re.compile(r"[A-Za-z]")
_LEET = str.maketrans("013457@$", "oieastas")
# Digits or signs with letters on both sides: "z3lfm00rd". Not 2, 6, 8, 9, which stand for sounds ("w8", "suc6") or counts.
_LEET_INSIDE = re.compile(r"(?<=[a-z])[013457@$]{1,2}(?=[a-z])")
# Four or more single letters with the same single separator: "z e l f", "d.o.o.d". Three is too common ("a.u.b.").
_SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?:([ .*_\-])[^\W\d_])(?:\1[^\W\d_]){2,}(?![^\W_])")
_STRETCHED_LETTER = re.compile(r"([^\W\d_])\1{2,}")
_STRETCHED_SIGN = re.compile(r"([^\w\s])\1{3,}")
_SPACE = re.compile(r"\s+")


def normalise(text: str) -> str:
    """Return the text as the model reads it: lower case, one alphabet, no invisible signs, no stretched letters.

    Args:
        text: Any valid Unicode text.

    Returns:
        The normalised text; may be empty when the text holds nothing visible. Idempotent.
    """
    text = _visible(_LIGATURES.sub(" ", text))
    # Before lower-casing, as some capitals look Latin and their small letters do not; and after letters were joined.
    text = _one_alphabet(text)
    text = _visible(text.lower())
    text = _SPACED.sub(lambda match: match[0].replace(match[1], ""), text)
    text = _one_alphabet(text)
    text = _LEET_INSIDE.sub(lambda match: match[0].translate(_LEET), text)
    text = _STRETCHED_LETTER.sub(r"\1\1", text)
    text = _STRETCHED_SIGN.sub(r"\1\1\1", text)
    return text.strip()


def _invisible(character: str) -> bool:
    if character.isspace():
        return False
    # Format and control signs (zero width, direction), and marks that NFKC could not compose (stacked "zalgo" marks,
    # variation selectors). Letters of languages that need such marks lose a little; Dutch has none.
    return unicodedata.category(character) in ("Cf", "Cc", "Mn", "Me")


def _visible(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    text = "".join(character for character in text if not _invisible(character))
    return unicodedata.normalize("NFKC", text)


def _one_alphabet(text: str) -> str:
    return " ".join(
        word.translate(_LOOKALIKES) if _FOREIGN.search(word) and _LATIN.search(word) else word
        for word in _SPACE.split(text)
    )
