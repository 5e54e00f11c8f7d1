"""A small corpus cut from the real one, and tiny random encoders in the formats of the hub."""

import json
import random
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, RobertaConfig, RobertaModel

from classifier import Message, Role, Turn
from classifier.kinds import SAFE_KINDS
from classifier.labels import LABEL_NAMES
from training.cli import main
from training.conversations import FOLDER as CONVERSATIONS
from training.corpus_files import FOLDER, SPLITS, Corpus, Example, read_corpus, read_splits


@pytest.fixture(scope="session")
def example():
    """Makes one example: ``example(text, *context, labels=..., voice=...)``."""

    def make(text, *context, id="a-1", labels=(), kind=None, wording=(), voice="a", pair=None):
        message = Message(text, tuple(Turn(Role.PEER, turn) for turn in context))
        kind = kind or ("P1" if labels else "N9")
        return Example(id, message, frozenset(labels), kind, tuple(wording), "informal", voice, pair)

    return make


@pytest.fixture(scope="session")
def corpus_of():
    """Makes a corpus of examples, all voices in `train` unless said otherwise."""

    def make(*examples, splits=None):
        voices = dict.fromkeys(one.voice for one in examples)
        return Corpus(tuple(examples), splits or dict.fromkeys(voices, "train"), dict.fromkeys(voices, "NL"))

    return make


_WORDS = "fiets regen school kaas hond liedje oma trein soep feest boek lamp".split()  # noqa: SIM905


@pytest.fixture
def clear_corpus(example, corpus_of):
    """Six voices in which a word of its own gives each label away, and two messages whose label is wrong."""
    rng = random.Random(0)
    made = []
    for number in range(360):
        label = LABEL_NAMES[number // 6 % 22] if number // 6 % 22 < len(LABEL_NAMES) else None
        word = label.split("/")[1][:7] if label else "niets"
        text = f"{rng.choice(_WORDS)} {word} {word} {rng.choice(_WORDS)}"
        made.append(example(text, id=f"m-{number}", labels=[label] if label else [], voice=f"v{number % 6}"))
    wrong = example("fiets pact pact soep", id="wrong-1", voice="v0")
    also = example("regen niets niets oma", id="wrong-2", labels=["self_harm/injury"], voice="v1")
    return corpus_of(*made, wrong, also)


@pytest.fixture(scope="session")
def vangnet_train():
    """Runs the command: ``vangnet_train("curve", "--out", path, ...)``."""
    return lambda *arguments: CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory) -> Path:
    """The same messages in every split, so that a tiny random encoder can learn what calibration asks of it."""
    folder = tmp_path_factory.mktemp("corpus")
    voice = next(voice for voice, split in read_splits().items() if split == "train")
    rows = [json.loads(line) for line in (FOLDER / f"{voice}.jsonl").read_text(encoding="utf-8").splitlines()]
    chosen: dict[str, dict] = {}
    for name in LABEL_NAMES:
        chosen |= {row["id"]: row for row in [row for row in rows if name in row["labels"]][:3]}
    for kind in SAFE_KINDS:
        chosen |= {row["id"]: row for row in [row for row in rows if row["kind"] == kind][:3]}
    toml = ""
    for split in SPLITS:
        copies = [
            {**row, "voice": split, "id": f"{split}-{number}", "pair": None}
            for number, row in enumerate(chosen.values())
        ]
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in copies)
        (folder / f"{split}.jsonl").write_text(text, encoding="utf-8")
        toml += f'[{split}]\nsplit = "{split}"\nregion = "NL"\n'
    (folder / "voices.toml").write_text(toml, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def small_conversations(tmp_path_factory) -> Path:
    """The first conversation of the first training writer."""
    folder = tmp_path_factory.mktemp("conversations")
    writer = next(writer for writer, split in read_splits(CONVERSATIONS).items() if split == "train")
    lines = (CONVERSATIONS / f"{writer}.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    first = json.loads(lines[0])["conversation"]
    (folder / "gesprek.jsonl").write_text("".join(one for one in lines if json.loads(one)["conversation"] == first))
    (folder / "voices.toml").write_text('[gesprek]\nsplit = "train"\n', encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def sentences(tmp_path_factory) -> Path:
    """400 different safe texts; near-identical ones would all cross a threshold at once and fail parity by chance."""
    safe = (example.message.text for example in read_corpus().split("train") if not example.risky)
    path = tmp_path_factory.mktemp("sentences") / "echt.txt"
    path.write_text("".join(" ".join(text.split()) + "\n" for text in list(safe)[400:800]), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tiny_encoders(tmp_path_factory) -> dict[str, Path]:
    """Folders `bert-wordpiece`, `bert-unigram` and `roberta-bpe`, two layers of 32, random weights."""
    root = tmp_path_factory.mktemp("encoders")
    torch.manual_seed(0)
    text = (Path(__file__).parents[2] / "docs" / "labelling-guide.md").read_text(encoding="utf-8").lower().splitlines()
    made = {
        "bert-wordpiece": (_wordpiece(text), "[CLS]", "[SEP]", "[PAD]", "[UNK]"),
        "bert-unigram": (_unigram(text), "<s>", "</s>", "<pad>", "<unk>"),
        "roberta-bpe": (_byte_level(text), "<s>", "</s>", "<pad>", "<unk>"),
    }
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    for name, (tokenizer, cls, sep, pad, unk) in made.items():
        fast = PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, cls_token=cls, sep_token=sep, pad_token=pad, unk_token=unk
        )
        common = {**shape, "vocab_size": len(fast), "pad_token_id": fast.pad_token_id, "max_position_embeddings": 514}
        model = RobertaModel(RobertaConfig(**common)) if "roberta" in name else BertModel(BertConfig(**common))
        model.save_pretrained(root / name)
        fast.save_pretrained(root / name)
    return {name: root / name for name in made}


def _wordpiece(text):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(
        text, trainers.WordPieceTrainer(vocab_size=600, special_tokens=special, show_progress=False)
    )
    return tokenizer


def _unigram(text):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=600, special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(text, trainer)
    return tokenizer


def _byte_level(text):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(text, trainer)
    return tokenizer
