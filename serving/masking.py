"""Masking of personal data in Dutch chat messages, before they are kept for review. It misses: see docs/masking.md."""

import re
from collections.abc import Callable, Iterable, Iterator

from faker.providers.address.nl_BE import Provider as BelgianTowns
from faker.providers.address.nl_NL import Provider as DutchTowns
from faker.providers.person.nl_BE import Provider as BelgianNames
from faker.providers.person.nl_NL import Provider as DutchNames


def _lower(*lists: Iterable[object]) -> Iterator[str]:
    return (str(item).strip().lower() for items in lists for item in items)


def _split(text: str, separator: str | None = None) -> frozenset[str]:
    return frozenset(text.split(separator))


# First names that are at least as often another word (ana and mia: of eating disorders): names only where a cue says so.
_ORDINARY = _split(
    "an ana bas beau ben bob constant el elke floor florence frank frans guy jet jo job joy ken kick leen lieve linde lot max "
    "mia puck puk rose roos rune said sep toon valentijn"
)
# Words that may stand with a capital where a name could stand.
_NO_NAMES = _split(
    "allemaal alles als alweer april augustus ben bij dag dan dank dat de december deze die dinsdag dit donderdag door een en "
    "er februari geen gewoon haar hallo heb heeft heel het hey hij hoe hoi hun ik in is iedereen ja januari je jij jou juli "
    "jullie juni kan kerst kom lieverd maandag maar maart mama man mensen mij mijn naam nee niemand niet niks nog nou nu of om "
    "ook oktober oma op opa papa pasen schat schatje september soms te thuis van vandaag voor vriendelijke vrijdag waar waarom "
    "wanneer wat we wel wie wij wil woensdag zaterdag ze zeg zij zijn zo zondag "
    "belg belgisch christelijk christen duits joods marokkaans moslim nederlander nederlands turk turks vlaams vlaming"
)
# Shops and sayings that begin with a first name.
_SAYINGS = re.compile(
    r"(?:albert heijn|jan (?:linders|modaal|en alleman|met de pet)|joost mag (?:het )?weten|hans anders|max havelaar|"
    r"michael kors|tommy hilfiger|jack (?:&|and|en) jones)\b",
    re.IGNORECASE,
)
_FIRST_NAMES = frozenset(_lower(DutchNames.first_names, BelgianNames.first_names)) - _ORDINARY
_SURNAMES = frozenset(name.split()[-1] for name in _lower(DutchNames.last_names, BelgianNames.last_names))
_TOWNS = frozenset(town for town in _lower(DutchTowns.cities, BelgianTowns.cities) if len(town) > 3) | {"den haag"}
# What may stand before a name that is in no list, or is an ordinary word too.
_CUES = tuple(
    f" {cue} "
    for cue in _split(
        "ik ben|jij|heet|heet ik|heet hij|heet zij|heet ze|naam is|noemt me|noemen me|noemt mij|noemen mij|zeg|zeg maar|"
        "zeg gewoon|zeg maar gewoon|spreekt met|hier|hier is|op naam van|tnv|naam|naam:|hoi|hey|heey|hee|hallo|dag|yo|beste|"
        "lieve|liefste|sorry|bedankt|thanks|thx|gefeliciteerd|goedemorgen|goeiemorgen|slaap lekker|groet|groet,|groeten|"
        "groeten,|groetjes|groetjes,|grtjs|mvg|mvg,|liefs|liefs,|xo|xoxo|vriend|vriendin|bff|zus|zusje|broer|broertje|dochter|"
        "dochtertje|zoon|zoontje|nicht|nichtje|neef|neefje|tante|oom|oma|opa|man|vrouw|ex|buurvrouw|buurman|buurmeisje|"
        "buurjongen|collega|mentor|juf|meester|meneer|mevrouw|mevr|mevr.|mw|mw.|dhr|dhr.|dokter|dr|dr.|zuster|psycholoog|"
        "therapeut|coach|trainer|leraar|lerares|docent",
        "|",
    )
)
_LONGEST_CUE = max(map(len, _CUES))

# Repeats are bounded or possessive, so that no text takes long.
_WORD = r"[^\W\d_]++(?:[-'’][^\W\d_]++)*+"
_CAPITAL = r"(?-i:(?=[A-ZÀ-ÖØ-Þ]['’A-ZÀ-ÖØ-Þ]{0,2}[a-zß-öø-ÿ])[\w'’-]{2,40}+)"
_PARTICLES = r"(?:(?:van|de|den|der|ten|ter|vd|el|la|le)\s){0,3}"
_MONTH = (
    r"(?:jan(?:uari)?|feb(?:ruari)?|maart|mrt|apr(?:il)?|mei|juni?|juli?|aug(?:ustus)?|sept?(?:ember)?|okt(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b"
)
_DATE = rf"\d{{1,2}}(?:\s?[-/. ]\s?\d{{1,2}}\s?[-/. ]\s?(?:\d{{4}}|\d\d)|(?:e|ste|de)?\s{_MONTH}(?:\s(?:\d{{4}}|'?\d\d))?)\b"
_WAY = r"(?:straat|laan|weg|plein|kade|gracht|hof|dreef|singel|dijk|lei|steeg|markt|hoek|pad|plantsoen|wal)"
_STREET = (
    rf"\b(?:{_CAPITAL}\s){{0,2}}(?:(?!(?:onder|terug|heen|snel|van)weg)[^\W\d_]{{3,30}}{_WAY}"
    rf"|(?:oude|nieuwe|lange|korte|grote|kleine|hoge|lage)\s{_WAY}|(?-i:Plein)\s\d{{4}})"
    r"\s\d{1,4}(?!\d|[.,:]\d|\s?(?:uur|min|km|euro|keer|x|jaar|dagen|weken|meter|m)\b)(?:\s?[a-z]\b)?(?:-\d+|\s?bus\s\d+)?"
)
_POSTCODE = r"(?<![\w€])[1-9]\d{3}(?:[a-z]{2}|\s(?-i:[A-Z]{2}))\b"
_PLACE = rf"{_WORD}(?:\s{_WORD}){{0,2}}"
_APP = r"(?:snap(?:chat)?|insta(?:gram)?|ig|tik\s?tok|discord|dc|gamertag|roblox|steam|psn|telegram|twitch|bereal)"
_SPOKEN = r"(?:nul|een|één|twee|drie|vier|vijf|zes|zeven|acht|negen|tien|elf|twaalf|\w{3,12}(?:tien|tig))"
_FIRM = (
    r"(?:bakkerij|slagerij|garage|kapsalon|kapper|restaurant|café|cafe|apotheek|supermarkt|zorgcentrum|woonzorgcentrum|"
    r"verpleeghuis|ziekenhuis|bouwbedrijf|schildersbedrijf|transportbedrijf)"
)
_HELP_SITE = re.compile(
    r"(?:https?://)?(?:[\w-]+\.)*(?:113|kindertelefoon|awel|zelfmoord1813|tele-onthaal)\.(?:nl|be)(?![\w.@-])",
    re.IGNORECASE,
)
_NAME = re.compile(rf"(?<![\w@#\[.'’-])(?P<particles>{_PARTICLES})(?P<word>{_WORD})(?!\w)", re.IGNORECASE)
_INITIALS = re.compile(rf"(?<!\w)(?:[A-Z]\.\s?){{1,3}}{_PARTICLES}(?P<word>{_CAPITAL})")
_MORE_NAME = re.compile(rf"\s({_PARTICLES})({_WORD})(?!\w)", re.IGNORECASE)
_WITH_CAPITAL = re.compile(_CAPITAL)
_ROUNDS = 20  # messages need one or two
_BETWEEN_WORDS = re.compile(r"[^\w,.:'’-]+")


def mask(text: str) -> str:
    """Replace what looks like personal data by a tag of its kind, such as ``[naam]`` or ``[telefoon]``.

    Masks again until nothing more is found, so that ``mask(mask(text)) == mask(text)``; a text made to need more than
    `_ROUNDS` rounds is left there, since each costs time.

    Args:
        text: Any string.

    Returns:
        The text with tags, or the same text when nothing was found; something personal may well be left in it.
    """
    for _ in range(_ROUNDS):
        if (masked := _once(text)) == text:
            break
        text = masked
    return text


def _once(text: str) -> str:
    digits = re.search(r"\d", text) is not None
    for pattern, replacement, needs_digit in _RULES:
        if digits or not needs_digit:
            text = pattern.sub(replacement, text)
    return _mask_names(text)


def _mask_names(text: str) -> str:
    text = _INITIALS.sub(lambda found: "[naam]" if found["word"].lower() in _SURNAMES else found[0], text)
    parts, end = [], 0
    for found in _NAME.finditer(text):
        start = _name_start(text, found)
        if start is None or start < end or _SAYINGS.match(text, start):
            continue
        parts += [text[end:start], "[naam]"]
        end = found.end()
        while (more := _MORE_NAME.match(text, end)) and (_has_capital(more[2]) or _is_surname(more[1], more[2])):
            end = more.end()
    return "".join([*parts, text[end:]])


def _name_start(text: str, found: re.Match[str]) -> int | None:
    """Where a name begins: a first name of the lists anywhere, a surname or a word with a capital behind a cue."""
    start = found.start("word")
    if _is_first_name(found["word"]) or (_has_capital(found["word"]) and _follows_cue(text, start)):
        return start
    return found.start() if _is_surname(*found.groups()) and _follows_cue(text, found.start()) else None


def _is_first_name(word: str) -> bool:
    word = word.lower()
    if word in _ORDINARY:
        return False
    if word in _FIRST_NAMES or ("-" in word and all(part in _FIRST_NAMES for part in word.split("-"))):
        return True
    # Lisa's and Lisas; but "pols" is a wrist, not Pol's.
    stem = word.removesuffix("s")
    return stem.rstrip("'’") in _FIRST_NAMES and (len(stem) > 3 or stem[-1:] in "'’")


def _has_capital(word: str) -> bool:
    return word.lower() not in _NO_NAMES and _WITH_CAPITAL.fullmatch(word) is not None


def _is_surname(particles: str, word: str) -> bool:
    """Many surnames are also words: they need a particle before them or a surname's ending."""
    word = word.lower()
    return word in _SURNAMES and bool(particles or word.endswith(("sen", "ssens", "stra", "sma", "mans", "kens")))


def _follows_cue(text: str, start: int) -> bool:
    before = _BETWEEN_WORDS.sub(" ", text[max(0, start - _LONGEST_CUE) : start].lower())
    return f" {before}".endswith(_CUES)


def _mask_link(found: re.Match[str]) -> str:
    return found[0] if _HELP_SITE.match(found[0]) else "[link]"


def _mask_town(found: re.Match[str]) -> str:
    """What stands before, then the place with the town that it begins with, if any, as a tag."""
    words = found["place"].split(" ")
    for count in range(len(words), 0, -1):
        town = " ".join(words[:count])
        if town.lower() in _TOWNS:
            return f"{found['before']}[adres]{found['place'][len(town) :]}"
    return found["before"] + found["place"]


def _rule(
    pattern: str, replacement: str | Callable[[re.Match[str]], str], needs_digit: bool = False
) -> tuple[re.Pattern[str], str | Callable[[re.Match[str]], str], bool]:
    return re.compile(pattern, re.IGNORECASE), replacement, needs_digit


# What is longer or surer goes first; a group 1 is what stands before the data and stays.
_RULES = (
    _rule(r"(?<![\w.+-])[\w.+-]++(?:@|\s?[(\[]at[)\]]\s?)[\w-]+(?:\.[\w-]+)+", "[e-mail]"),
    _rule(r"\b\w+(?:\s(?:punt|streepje)\s\w+){0,4}\sape?n?staartje\s\w+(?:\s(?:punt|streepje)\s\w+){1,4}", "[e-mail]"),
    _rule(r"\b(?:https?://|www\.)[^\s<>]*[^\s<>.,;:!?)\]]", _mask_link),
    _rule(r"(?<![\w./@-])(?:[a-z\d-]++\.)+(?:nl|be|com|org|net|eu|app|gg|io|me|tv)/[^\s<>]*", _mask_link),
    _rule(r"\b[a-z]{2}\d{2}(?:[ .-]?[a-z]{4})?(?:[ .-]?\d){10,26}(?!\w)", "[iban]", needs_digit=True),
    _rule(
        r"(\b(?:bsn|burgerservicenummer|sofi-?nummer|rijksregister(?:nummer|nr)?|rrn|insz)\b[^\d\n]{0,40})"
        r"\d(?:[ .-]?\d){7,10}(?!\d)",
        r"\1[bsn]",
        needs_digit=True,
    ),
    _rule(r"(?<!\w)\d\d\.\d\d\.\d\d-\d{3}[.-]\d\d(?!\w)", "[bsn]", needs_digit=True),
    _rule(
        rf"(\b(?:geb(?:oren|oortedatum|dat(?:um)?)?|verjaardag|jarig)\b[^\d\n]{{0,25}}){_DATE}",
        r"\1[geboortedatum]",
        needs_digit=True,
    ),
    _rule(rf"(\bben van )\d{{1,2}}\s{_MONTH}\s\d{{4}}\b", r"\1[geboortedatum]", needs_digit=True),
    # Nobody has a 0800, a 0900 or a short number of his own, so help lines stay readable.
    _rule(
        r"(?<![\w+])(?!0[89]00)(?!\d\d?[-/.]\d\d?[-/.](?:19|20)\d\d)"
        r"(?:(?:\+|00)\d{1,3}[\s.]?(?:\(0\))?|\(?0)[1-9]\)?(?:[\s./()-]{0,2}\d){7,9}(?!\d)",
        "[telefoon]",
        needs_digit=True,
    ),
    _rule(rf"\bnul (?:{_SPOKEN}[\s,]+){{2,8}}{_SPOKEN}(?!\w)", "[telefoon]"),
    _rule(r"(?<![\w@])@(?!(?:iedereen|everyone|here|mods?|bot)\b)\w(?:[\w.@]*\w)?", "[account]"),
    _rule(r"(?<![\w@#.])[\w.]{2,32}#\d{4}(?!\w)", "[account]", needs_digit=True),
    _rule(
        rf"(\b{_APP}\b(?: naam| account| is|:|=){{0,3}}\s?)(?=[\w.]{{0,40}}(?:[\d_]|\w\.\w))\w[\w.]*\w", r"\1[account]"
    ),
    _rule(
        rf"(?:{_STREET}(?:,?\s(?:{_POSTCODE}|\d{{4}}\s{_CAPITAL}))?|{_POSTCODE})"
        rf"(?:(?P<before>,?\s(?:in\s|te\s)?)(?P<place>{_PLACE}))?",
        lambda found: "[adres]" + (_mask_town(found) if found["place"] else ""),
        needs_digit=True,
    ),
    _rule(r"(\b(?:in|op|aan) de )[^\W\d_]{3,30}(?:straat|laan|dreef|steenweg|singel)\b", r"\1[adres]"),
    _rule(r"(\bhuis(?:nummer|nr)\.? )\d+[a-z]?\b", r"\1[adres]", needs_digit=True),
    _rule(
        r"(?P<before>\b(?:uit|(?:woon|woont|woonde|wonen|verhuisd?|verhuizen|geboren)\b[^.!?\n]{0,30}? (?:in|naar|te)) )"
        rf"(?P<place>{_PLACE})",
        _mask_town,
    ),
    _rule(
        rf"\b(?:(?:obs|cbs|rkbs|gbs|basisschool|middelbare school) (?:(?:de|het|'t) )?{_CAPITAL}"
        rf"|(?:hogeschool|universiteit|roc|lyceum|college) (?:van )?{_CAPITAL}"
        rf"|(?:{_CAPITAL} ){{1,2}}(?:lyceum|college|gymnasium|atheneum)"
        r"|(?:dokter van )?[^\W\d_][\w-]{2,30}(?:college|lyceum|gymnasium|atheneum))\b",
        "[school]",
    ),
    _rule(
        r"(\b(?:werkt?|werkte|stage|baan|baas|collega)\b[^.!?\n]{0,20}? (?:bij|van) (?:de |het )?)"
        rf"(?:{_CAPITAL}(?: (?:van |de )?{_CAPITAL}){{0,2}}|{_FIRM} (?:(?:de|het|van) )?{_WORD})",
        r"\1[werk]",
    ),
)
