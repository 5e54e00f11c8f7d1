"""Which texts a list of words flags."""

import hashlib

import numpy as np
import pytest

from classifier import Message
from eval.errors import EvaluationError
from eval.systems.keywords import KeywordSystem
from eval.targets import ANY, TARGETS

LIST = """# woorden van de moderatie
zelfmoord*   # en alles wat daarop volgt
*snijden
Dood
een eind*
c++
a.b

"""


def flagged(system, *texts):
    judged = system.judge([Message(text) for text in texts], [""] * len(texts))
    others = [index for index, name in enumerate(TARGETS) if name != ANY]
    assert np.isnan(judged.scores[:, others]).all()
    assert np.isnan(judged.flagged[:, others]).all()
    column = TARGETS.index(ANY)
    assert judged.scores[:, column].tolist() == judged.flagged[:, column].tolist()
    return [bool(one) for one in judged.flagged[:, column]]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "woorden.txt"
    path.write_text(LIST, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    ["zelfmoord", "ZELFMOORDGEDACHTEN!", "(zelfmoord)", "mezelf insnijden", "snijden", "ik ga dood", "#dood", "Een einde",
     "zelfmoordéé", "ik leer c++ nu", "a.b", "x\u2028dood\0"],
)  # fmt: skip
def test_whole_words_are_found_whatever_the_case(file, text):
    assert flagged(KeywordSystem(file), text) == [True]


@pytest.mark.parametrize(
    "text",
    ["doodop", "halfdood", "dood5", "dood_", "zelfmoord2", "zelf moord", "een  einde", "c+", "axb", "d00d", "snij den"],
)
def test_parts_of_words_and_other_spellings_are_not(file, text):
    assert flagged(KeywordSystem(file), text) == [False]


def test_comments_and_empty_lines_are_no_words(file):
    assert flagged(KeywordSystem(file), "woorden van de moderatie", "en alles wat daarop volgt", " ") == [False] * 3


def test_facts_are_the_hash_of_the_file(file):
    assert KeywordSystem(file).facts["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_windows_files_are_read_as_well(file):
    file.write_bytes(b"\xef\xbb\xbfdood\r\nsnijden\r\n")
    assert flagged(KeywordSystem(file), "dood", "snijden") == [True, True]


@pytest.mark.parametrize(("content", "match"), [(b"# niets\n\n", "no word"), (b"", "no word"), (b"\xff", "UTF-8")])
def test_unusable_files_are_named(file, content, match):
    file.write_bytes(content)
    with pytest.raises(EvaluationError, match=match):
        KeywordSystem(file)
    with pytest.raises(EvaluationError, match="nergens"):
        KeywordSystem(file.with_name("nergens"))
