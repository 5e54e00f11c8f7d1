"""Trim a multilingual Unigram vocabulary to what Dutch chat needs: most of a small multilingual model is its vocabulary."""

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from transformers import PreTrainedModel, PreTrainedTokenizerFast
from wordfreq import top_n_list

from classifier.normalise import normalise

DUTCH_WORDS = 250_000
ENGLISH_WORDS = 20_000
"""How many of `wordfreq`'s most frequent words must keep the pieces that they are written with."""
LARGEST_UNTRIMMED = 60_000
"""A vocabulary up to this size is that of one or two languages and stays as it is."""

_SPACE = "▁"


@dataclass(frozen=True)
class Trimming:
    """What trimming kept, for the manifest.

    Attributes:
        pieces_before: Size of the vocabulary as it came.
        pieces_after: Size of the trimmed vocabulary.
        lost_share: Share of tokens of unseen text (0 to 1) whose piece is gone; smaller pieces write them now.
    """

    pieces_before: int
    pieces_after: int
    lost_share: float


def trim(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, texts: Iterable[str], unseen: Iterable[str]
) -> tuple[PreTrainedTokenizerFast, Trimming | None]:
    """Keep the pieces that Dutch, common English, `texts`, digits, signs and emoji need.

    The embedding matrix of `model` is cut to the kept rows in place.

    Args:
        model: An encoder whose input embeddings belong to `tokenizer`.
        tokenizer: Trimmed only if it is a Unigram tokenizer with more than 60,000 pieces.
        texts: Text whose pieces must stay, such as the corpus, as typed (it is normalised here).
        unseen: Other text, on which the loss is measured.

    Returns:
        The tokenizer to use from now on, and what was kept (None when nothing was trimmed).
    """
    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    if backend["model"]["type"] != "Unigram" or len(tokenizer) <= LARGEST_UNTRIMMED:
        return tokenizer, None
    vocabulary = backend["model"]["vocab"]
    special = {token["content"] for token in backend["added_tokens"]}
    used = _used_ids(tokenizer.backend_tokenizer, texts)
    kept = [index for index, (piece, _) in enumerate(vocabulary) if piece in special or index in used or _always(piece)]
    position = {vocabulary[index][0]: new for new, index in enumerate(kept)}
    backend["model"]["vocab"] = [vocabulary[index] for index in kept]
    backend["model"]["unk_id"] = position[tokenizer.unk_token]
    for token in backend["added_tokens"]:
        token["id"] = position[token["content"]]
    for name, entry in backend["post_processor"]["special_tokens"].items():
        entry["ids"] = [position[name]]
    embedding = model.get_input_embeddings()
    rows = torch.nn.Parameter(embedding.weight.data[kept].clone())
    smaller = torch.nn.Embedding(len(kept), rows.shape[1], padding_idx=position[tokenizer.pad_token], _weight=rows)
    model.set_input_embeddings(smaller)
    model.config.vocab_size = len(kept)
    trimmed = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(backend)), **tokenizer.special_tokens_map
    )
    lost = _lost_share(tokenizer.backend_tokenizer, set(kept), unseen)
    return trimmed, Trimming(len(vocabulary), len(kept), lost)


def _lost_share(tokenizer: Tokenizer, kept: set[int], texts: Iterable[str]) -> float:
    ids = [index for text in texts for index in tokenizer.encode(normalise(text), add_special_tokens=False).ids]
    return sum(index not in kept for index in ids) / len(ids) if ids else 0.0


def _used_ids(tokenizer: Tokenizer, texts: Iterable[str]) -> set[int]:
    words = [*top_n_list("nl", DUTCH_WORDS, wordlist="large"), *top_n_list("en", ENGLISH_WORDS)]
    used: set[int] = set()
    for encoding in tokenizer.encode_batch(words, add_special_tokens=False):
        used.update(encoding.ids)
    for text in texts:
        used.update(tokenizer.encode(normalise(text), add_special_tokens=False).ids)
    return used


def _always(piece: str) -> bool:
    """Single signs, digits, emoji and Latin letters, and lower-case pieces of up to three letters for odd spellings."""
    bare = piece.removeprefix(_SPACE)
    if len(bare) <= 1:
        return not bare or not bare.isalpha() or "LATIN" in unicodedata.name(bare, "")
    return len(bare) <= 3 and bare.isascii() and bare.isalpha() and bare.islower()
