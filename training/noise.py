"""How people really type: functions that turn clean text into chat, typos and disguise.

Applied while training, to safe and risky messages alike, so that rough spelling itself means nothing. Every function
takes a text and a `random.Random` and returns a text; none returns an empty one for a text with a word in it.
"""

import random
import re

_JOINED = {
    "ik heb": ("kheb", "keb", "ik heb"), "ik ben": ("kben", "kbn"), "ik ga": ("kga",), "ik weet": ("kweet", "kwt"),
    "ik wil": ("kwil",), "ik had": ("khad",), "ik moet": ("kmoet",), "ik zal": ("kzal",), "ik kan": ("kkan", "kan"),
    "ik was": ("kwas",), "ik vind": ("kvind", "kvin"), "ik denk": ("kdenk",), "ik dacht": ("kdacht",),
    "ik hoop": ("khoop",), "dat is": ("das", "dats", "da is"), "het is": ("tis", "t is"), "wat is": ("wa is", "was"),
    "heb je": ("hebje", "heb j", "hebde"), "ben je": ("benje", "bj", "zijde"), "kan je": ("kanje", "kunde"),
    "ga je": ("gaje", "gade"), "wil je": ("wilje", "wilt ge"), "weet je": ("weetje", "wete"), "geen zin": ("gn zin",),
    "hou van je": ("hvj",), "houd van je": ("hvj",), "in ieder geval": ("iig",), "weet ik niet": ("wk ni", "idk"),
    "wat doe je": ("wdj", "wa doede"), "een beetje": ("n beetje", "beetje", "e bietje"), "op dit moment": ("atm",),
}  # fmt: skip
_SHORT = {
    "gewoon": ("gwn", "gwoon", "gewn"), "waarschijnlijk": ("wss", "wrs"), "misschien": ("mss", "msch", "miss"),
    "niet": ("nie", "ni", "nt", "niet"), "even": ("ff", "effe", "efkes"), "goed": ("goe", "gd"), "wat": ("wa",),
    "dat": ("da",), "maar": ("mr", "ma", "maarja"), "met": ("me", "mt"), "veel": ("vl",), "iemand": ("iem", "iemant"),
    "niks": ("nx", "niks"), "niets": ("niks", "nx"), "zeker": ("zkr", "zeker"), "vandaag": ("vndg", "vandaag"),
    "morgen": ("mrgn", "morge"), "echt": ("egt", "ech", "eg"), "helemaal": ("hlmaal", "helemaal"),
    "eigenlijk": ("eig", "eigk", "eigelijk"), "altijd": ("altyd", "altij"), "je": ("j", "je"), "mijn": ("mn", "m'n"),
    "zijn": ("zn", "zijn"), "haar": ("dr", "r"), "een": ("n", "1", "een", "ne"), "het": ("t", "et"), "voor": ("vr",),
    "naar": ("nr", "naa"), "van": ("v", "van"), "geen": ("gn", "gene"), "weer": ("wr", "weer"), "meer": ("mr", "meer"),
    "jij": ("jy", "gij"), "alleen": ("alln", "allen"), "wanneer": ("wnr", "wanr"), "tegen": ("tgn", "tege"),
    "bedankt": ("thx", "bdnkt"), "sorry": ("sry", "srry"), "leuk": ("leuk", "lk"), "jullie": ("jullie", "jly"),
    "vanavond": ("vanaf", "vnvnd", "vanavond"), "gaat": ("ga", "gaat"), "met mij": ("mmij",), "mij": ("my", "mij"),
    "hij": ("hy", "hij", "ie"), "zo": ("zo", "zoo"), "ook": ("ok", "ook"), "want": ("wnt", "want"), "dus": ("ds", "dus"),
    "iets": ("iets", "iet"), "weten": ("wete",), "hebben": ("hebbe",), "moet": ("moe", "mt"), "nu": ("nu", "nou"),
    "groetjes": ("grtjs", "gr"), "vrienden": ("vriende", "matties"), "school": ("skool", "school"), "jou": ("jou", "u"),
    "natuurlijk": ("ntrl", "tuurlijk"), "volgens": ("vlgns", "volgens"), "laten": ("late",), "deze": ("dees", "deze"),
}  # fmt: skip
_ENDINGS = (
    "haha", "hahaha", "lol", "xd", ":)", ":p", ";)", ":(", "😂", "😭", "💀", "🥺", "❤️", "🙏", "👀", "😅", "🤷", "omg", "pff",
    "jwz", "ofzo", "toch", "he", "ng", "man", "gast", "jonge", "x", "xx", "zeg", "hoor", "bro", "<3", "🔥", "😔", "..",
)  # fmt: skip
_NEIGHBOURS = {
    "a": "sqz", "b": "vnh", "c": "xvd", "d": "sfe", "e": "wrd", "f": "dgr", "g": "fht", "h": "gjn", "i": "uok", "j": "hkn",
    "k": "jlm", "l": "kop", "m": "njk", "n": "bmh", "o": "ipl", "p": "ol", "q": "wa", "r": "etf", "s": "adw", "t": "ryg",
    "u": "yij", "v": "cbf", "w": "qes", "x": "zcs", "y": "tuh", "z": "xas",
}  # fmt: skip
_LOOK_ALIKES = {"a": "аα", "e": "еε", "o": "оο0", "i": "іı", "c": "с", "p": "р", "x": "х", "y": "у", "n": "ո", "s": "ѕ"}
_EMOJI = [
    "😂",
    "😭",
    "💀",
    "🥺",
    "❤️",
    "🙏",
    "👀",
    "😅",
    "🔥",
    "😔",
    "😘",
    "🤣",
    "🙃",
    "✨",
    "🖤",
    "🐶",
    "⚽",
    "🎉",
    "☕",
    "🌧️",
]
_LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7", "l": "1"}
_DIACRITICS = str.maketrans("éèëêáàäâóòöôíìïîúùüûç", "eeeeaaaaooooiiiiuuuuc")
_WORD = re.compile(r"[^\W\d_]{4,}")
_PHRASES = re.compile(
    r"\b(" + "|".join(sorted(map(re.escape, {**_JOINED, **_SHORT}), key=len, reverse=True)) + r")\b", re.IGNORECASE
)


def chat_spelling(text: str, rng: random.Random, strength: float = 0.6) -> str:
    """Dutch and Flemish chat spelling: joined pronouns, abbreviations, dropped endings, loose punctuation, emoticons.

    Args:
        text: Any text.
        rng: Source of chance.
        strength: Chance in [0, 1] that a given word or sign is affected.
    """
    text = text.translate(_DIACRITICS) if rng.random() < strength else text
    if rng.random() < 0.9:
        text = text.lower()

    def shorten(match: re.Match[str]) -> str:
        # A look-alike such as a dotless i matches regardless of case and is in neither table.
        options = _JOINED.get(match[0].lower()) or _SHORT.get(match[0].lower())
        return rng.choice(options) if options and rng.random() < strength else match[0]

    text = _PHRASES.sub(shorten, text)
    text = re.sub(r"(?<=\w{3})en\b", lambda match: "e" if rng.random() < strength / 3 else match[0], text)
    if rng.random() < strength / 2:
        text = text.replace("ij", "y")
    text = _loosen_punctuation(text, rng)
    if rng.random() < strength / 2:
        text = _stretch(text, rng)
    if rng.random() < strength / 2:
        ending = rng.choice(_ENDINGS)
        text = f"{text} {ending}" if rng.random() < 0.8 else f"{ending} {text}"
    return text


def typos(text: str, rng: random.Random, rate: float = 0.04) -> str:
    """Neighbouring keys, dropped, doubled and swapped letters; `rate` is the chance per letter, in [0, 1]."""
    letters = list(text)
    for index, letter in enumerate(letters):
        if rng.random() >= rate or letter.lower() not in _NEIGHBOURS:
            continue
        kind = rng.randrange(4)
        if kind == 0:
            letters[index] = rng.choice(_NEIGHBOURS[letter.lower()])
        elif kind == 1 and len(text) > 3:
            letters[index] = ""
        elif kind == 2:
            letters[index] = letter * 2
        elif index + 1 < len(letters) and letters[index + 1].isalpha():
            letters[index], letters[index + 1] = letters[index + 1], letter
    return "".join(letters) or text


def disguise(text: str, rng: random.Random) -> str:
    """Hide one to three words as people do to pass a filter: digits, stars, spaced letters, letters that look alike."""
    words = list(_WORD.finditer(text))
    if not words:
        return text
    way = rng.choice((_leet, _star, _star, _space_out, _look_alike))
    for match in sorted(rng.sample(words, min(len(words), rng.randint(1, 3))), key=lambda one: -one.start()):
        text = text[: match.start()] + way(match[0], rng) + text[match.end() :]
    return text


def emoji(text: str, rng: random.Random) -> str:
    """Set one to three emoji between words or at an end, often the same one again."""
    words = text.split(" ")
    chosen = rng.choice(_EMOJI) * rng.randint(1, 3)
    words.insert(rng.randint(0, len(words)), chosen)
    return " ".join(words)


def roughen(text: str, rng: random.Random, share: float = 0.5) -> str:
    """The mix that training uses: `share` of texts get chat spelling; some get typos, disguise, emoji or capitals too."""
    if rng.random() < share:
        text = chat_spelling(text, rng, strength=rng.choice((0.3, 0.6, 0.9)))
    if rng.random() < share * 0.4:
        text = typos(text, rng)
    if rng.random() < 0.05:
        text = disguise(text, rng)
    if rng.random() < share * 0.2:
        text = emoji(text, rng)
    if rng.random() < 0.05:
        text = text.upper()
    return text


def _loosen_punctuation(text: str, rng: random.Random) -> str:
    style = rng.randrange(4)
    if not re.search(r"\w", text):  # "..." or "?!" is all punctuation
        return text
    if style == 0:
        return re.sub(r"[.,;:!?'\"]", "", text)
    if style == 1:
        return re.sub(r"[.,;]", "..", text)
    if style == 2:
        return re.sub(r"([?!])", r" \1\1", text).rstrip(".")
    return text.rstrip(".")


def _stretch(text: str, rng: random.Random) -> str:
    vowels = [match.start() for match in re.finditer(r"[aeiou](?=\b|[a-z]\b)", text)]
    if not vowels:
        return text
    at = rng.choice(vowels)
    return text[:at] + text[at] * rng.randint(2, 5) + text[at + 1 :]


def _leet(word: str, rng: random.Random) -> str:
    return "".join(rng.choice(_LEET[letter]) if letter in _LEET and rng.random() < 0.6 else letter for letter in word)


def _star(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    count = rng.randint(1, min(2, len(word) - 1 - at))
    return word[:at] + rng.choice("**#_") * count + word[at + count :]


def _look_alike(word: str, rng: random.Random) -> str:
    return "".join(
        rng.choice(_LOOK_ALIKES[letter]) if letter in _LOOK_ALIKES and rng.random() < 0.5 else letter for letter in word
    )


def _space_out(word: str, rng: random.Random) -> str:
    return rng.choice(" .-").join(word)
