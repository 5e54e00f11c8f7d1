from dataclasses import replace

import pytest

from classifier import Message
from classifier.fingerprints import fingerprints
from training.corpus_files import read_corpus
from training.errors import TrainingError
from training.held_out import FILE, overlapping, refuse_overlap

CASE = "dit is een zin van ruim acht woorden die nergens anders staat"


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "cases.fingerprints"
    made.write_text("\n".join(fingerprints(Message(CASE))))
    return made


def test_overlapping_examples_are_refused_by_id(file):
    example = read_corpus().examples[0]
    refuse_overlap([example], file)
    copied = replace(example, id="kopie-1", message=Message(f"hoi, {CASE} dus"))
    with pytest.raises(TrainingError, match=r"1 messages share .*kopie-1") as caught:
        refuse_overlap([example, copied], file)
    assert CASE not in str(caught.value)


def test_missing_file_is_an_error(tmp_path):
    with pytest.raises(TrainingError, match="No such file"):
        refuse_overlap([], tmp_path / "none")


def test_corpus_shares_nothing_with_vangnetcheck():
    assert not overlapping((one.id, one.message) for one in read_corpus().examples)


def test_the_fingerprints_are_those_of_the_cases():
    import json

    rows = [json.loads(line) for line in FILE.with_name("vangnetcheck.jsonl").read_text(encoding="utf-8").splitlines()]
    messages = [Message.from_mapping({"text": row["text"], "context": row["context"]}) for row in rows]
    assert set(FILE.read_text().split()) == {one for message in messages for one in fingerprints(message)}
