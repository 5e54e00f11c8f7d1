import random

import pytest

from classifier import Message, Role, Turn
from training.corpus_files import Example
from training.errors import TrainingError
from training.presumed_safe import may_be_spliced, read_presumed_safe, splice, with_contexts


def example(text, *context, labels=("self_harm/ideation",), wording=()):
    message = Message(text, tuple(Turn(Role.PEER, turn) for turn in context))
    return Example("a-1", message, frozenset(labels), "P1", wording, "informal", "a", None)


def test_split_is_by_content_and_about_70_to_30(tmp_path):
    path = tmp_path / "echt.txt"
    lines = [f"zin nummer {number} staat hier" for number in range(2000)]
    path.write_text("\n".join([*lines, lines[0], "", "  "]), encoding="utf-8")
    first = read_presumed_safe(path)
    assert len(first.training) + len(first.thresholds) == 2000
    assert 0.65 < len(first.training) / 2000 < 0.75
    path.write_text("\n".join(reversed(lines)), encoding="utf-8")
    again = read_presumed_safe(path)
    assert set(again.training) == set(first.training)
    assert again.sha256 != first.sha256


def test_unusable_files_are_named(tmp_path):
    path = tmp_path / "echt.txt"
    for content in (b"\xff\xfe", b"\n\n"):
        path.write_bytes(content)
        with pytest.raises(TrainingError, match=r"echt\.txt"):
            read_presumed_safe(path)
    with pytest.raises(TrainingError, match=r"niets\.txt"):
        read_presumed_safe(tmp_path / "niets.txt")


def test_too_few_sentences_to_split_are_refused(tmp_path):
    path = tmp_path / "echt.txt"
    path.write_text("een zin\nnog een zin\n", encoding="utf-8")
    with pytest.raises(TrainingError, match="holds too few sentences"):
        read_presumed_safe(path)


def test_a_quarter_of_fit_sentences_gets_a_context_and_answers_never():
    heavy = example("ja", "denk je aan de dood?")
    fit = [f"de bakker om de hoek verkoopt {number} broden" for number in range(400)]
    unfit = ["ja dat is precies wat ik wil", "morgen is het dan zover voor mij", "ik ook"] * 50
    messages = with_contexts(fit + unfit, [heavy] * 1200, random.Random(0))
    having = {message.text for message in messages if message.context}
    assert 60 < len(having) < 140
    assert not having & set(unfit)


def test_real_sentences_are_at_most_half_of_the_written_messages():
    sentences = [f"de bakker om de hoek verkoopt {number} broden" for number in range(400)]
    assert len(with_contexts(sentences, [example("ja")] * 30, random.Random(0))) == 15


def test_splicing_keeps_text_and_labels():
    source = example("ik wil er echt niet meer zijn")
    for seed in range(20):
        spliced = splice(source, ["De zon scheen.", "Het brood was op.", "Hij kwam laat."], random.Random(seed))
        assert source.message.text in spliced.message.text
        assert spliced.message.text != source.message.text
        assert spliced.labels == source.labels


def test_what_needs_its_context_is_not_spliced():
    assert may_be_spliced(example("ik wil er echt niet meer zijn"))
    assert not may_be_spliced(example("ik wil er echt niet meer zijn", "hoi"))
    assert not may_be_spliced(example("ik wil er echt niet meer zijn", wording=("P9",)))
    assert not may_be_spliced(example("doe het dan"))
