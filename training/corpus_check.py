"""The report of `vangnet-train corpus check`: counts, repetition, leaks, forbidden content and shortcuts."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from classifier.kinds import SAFE_KINDS, WORDINGS
from classifier.labels import LABEL_NAMES
from classifier.message import Message
from classifier.normalise import normalise
from training.conversations import Conversation, Line
from training.conversations import summary as conversation_summary
from training.corpus_files import SPLITS, Corpus, Example
from training.forbidden import amount_next_to_means, personal_data
from training.held_out import overlapping
from training.near_duplicates import near_duplicates
from training.shortcuts import FOLDS, LARGEST_AUROC, shortcut_report

_OPENING_WORDS = 3
_MOST_OPENINGS = 6
"""From this many messages of one voice that begin with the same three words, the opening is reported."""
_WORD_STEPS = ((1, 8), (9, 25), (26, 39), (40, 10_000))


@dataclass(frozen=True)
class Findings:
    """What the check found.

    Attributes:
        faults: What must be mended: leaks between splits, personal data, amounts next to means, overlaps with VangnetCheck.
        notices: What a reader should look at: near duplicates within a split, repeated openings.
    """

    faults: tuple[str, ...]
    notices: tuple[str, ...]


def find(
    corpus: Corpus, conversations: Sequence[Conversation] = (), writers: Mapping[str, str] | None = None
) -> Findings:
    """Look through all messages; message text is not repeated in the findings, only ids.

    Args:
        corpus: The voices.
        conversations: Their messages are looked through as well, each by itself.
        writers: Split of every writer of a conversation.
    """
    lines = [(line, conversation.writer) for conversation in conversations for line in conversation.lines]
    everything = [(row.id, row.message, bool(row.labels)) for row in (*corpus.examples, *(line for line, _ in lines))]
    faults = [f"{name}: {pattern}" for name, message, _ in everything for pattern in personal_data(message)]
    faults += [
        f"{name}: amount next to means"
        for name, message, risky in everything
        if risky and amount_next_to_means(message)
    ]
    overlaps = overlapping((name, message) for name, message, _ in everything)
    faults += [f"{name}: overlaps with a test case of VangnetCheck" for name in overlaps]
    leaks, repeats = _repeats(corpus, lines, writers or {})
    return Findings((*faults, *leaks), (*repeats, *_openings(corpus.examples)))


def _repeats(
    corpus: Corpus, lines: Sequence[tuple[Line, str]], writers: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Near duplicates in two splits, and within one; contrast partners are meant to be alike."""
    # A line of a conversation is compared without the lines before it, which it shares with its neighbours.
    messages = [row.message for row in corpus.examples] + [Message(line.message.text) for line, _ in lines]
    names = [row.id for row in corpus.examples] + [line.id for line, _ in lines]
    splits = [corpus.splits[row.voice] for row in corpus.examples] + [writers[writer] for _, writer in lines]
    partners = {row.id: row.pair for row in corpus.examples}
    leaks, repeats = [], []
    for one, other, similarity in near_duplicates(messages):
        if partners.get(names[one]) == names[other]:
            continue
        pair = f"{names[one]} and {names[other]}: nearly the same ({similarity})"
        if splits[one] != splits[other]:
            leaks.append(f"{pair}, in two splits")
        else:
            repeats.append(pair)
    return leaks, repeats


def counts_table(corpus: Corpus, conversations: Sequence[Conversation], splits: dict[str, str]) -> str:
    """Markdown table of all counts, a column per split and one for the whole."""
    groups = [corpus.split(split) for split in SPLITS] + [list(corpus.examples)]
    parts = [[row for row in conversations if splits[row.writer] == split] for split in SPLITS] + [list(conversations)]
    table: dict[str, list[str]] = {}
    for group, part in zip(groups, parts, strict=True):
        for name, value in (*_counts(group, corpus), *_conversation_counts(part)):
            table.setdefault(name, []).append(value)
    head = f"| | {' | '.join([*SPLITS, 'all'])} |\n|{' --- |' * (len(SPLITS) + 2)}\n"
    return head + "\n".join(f"| {name} | {' | '.join(cells)} |" for name, cells in table.items()) + "\n"


def shortcut_text(corpus: Corpus) -> str:
    """Markdown lines on how well style alone tells risky from safe, for each split and for the whole."""
    lines = []
    for name, examples in (*((split, corpus.split(split)) for split in SPLITS), ("all", corpus.examples)):
        if len({example.voice for example in examples}) < FOLDS:
            lines.append(f"- {name}: not measured with fewer than {FOLDS} voices")
            continue
        report = shortcut_report(examples)
        verdict = "within" if report["auroc"] <= LARGEST_AUROC else "over"
        strongest = ", ".join(f"{feature} {value}" for feature, value in list(report["single"].items())[:5])
        lines.append(
            f"- {name}: AUROC {report['auroc']}, {verdict} the limit of {LARGEST_AUROC:.2f}; {report['with_context_length']} "
            f"with length of context, digits and length of words as well; furthest alone: {strongest}"
        )
    return "\n".join(lines) + "\n"


def _counts(examples: Sequence[Example], corpus: Corpus) -> Iterator[tuple[str, str]]:
    by_id = {example.id: example for example in examples}
    safe = [example for example in examples if not example.risky]
    risky = [example for example in examples if example.risky]
    yield "voices", str(len({example.voice for example in examples}))
    yield "voices from Flanders", str(len({row.voice for row in examples if "Flanders" in corpus.regions[row.voice]}))
    yield "messages", str(len(examples))
    yield "safe", _share(len(safe), len(examples))
    yield "risky", _share(len(risky), len(examples))
    for name, group in (("safe", safe), ("risky", risky)):
        yield f"{name} with context", _share(sum(bool(row.message.context) for row in group), len(group))
        yield f"{name} with two turns or more", _share(sum(len(row.message.context) > 1 for row in group), len(group))
    partners = [row for row in risky if row.pair is not None and row.pair in by_id]
    yield "contrast pairs", str(len(partners))
    same = sum(by_id[str(row.pair)].message.text == row.message.text for row in partners)
    yield "contrast pairs of the same text", str(same)
    for low, high in _WORD_STEPS:
        title = f"{low} words or more" if high == _WORD_STEPS[-1][1] else f"{low} to {high} words"
        for name, group in (("safe", safe), ("risky", risky)):
            yield f"{title}, {name}", str(sum(low <= len(row.message.text.split()) <= high for row in group))
    for label in LABEL_NAMES:
        yield f"`{label}`", str(sum(label in row.labels for row in risky))
    for kind in SAFE_KINDS:
        yield kind, str(sum(row.kind == kind for row in safe))
    for code in WORDINGS:
        in_safe, in_risky = (sum(code in row.wording for row in group) for group in (safe, risky))
        yield f"{code}, safe and risky", f"{in_safe} and {in_risky}"


def _conversation_counts(conversations: Sequence[Conversation]) -> Iterator[tuple[str, str]]:
    for name, value in conversation_summary(conversations).items():
        title = name if name == "conversations" else f"conversations: {name.replace('_', ' ')}"
        yield title, str(value)


def _share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.0f} %)" if whole else "0"


def _openings(examples: Sequence[Example]) -> Iterator[str]:
    counted = Counter(
        (example.voice, *words[:_OPENING_WORDS])
        for example in examples
        if len(words := normalise(example.message.text).split()) > _OPENING_WORDS
    )
    for (voice, *_), number in counted.most_common():
        if number >= _MOST_OPENINGS:
            yield f"{voice}: {number} messages begin with the same {_OPENING_WORDS} words"
