"""Load the base encoder that fine-tuning starts from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from training.base import packaged
from training.base.vocabulary import Trimming, trim

CACHE = Path.home() / ".cache" / "vangnet"
"""Where downloaded package data is kept."""


@dataclass(frozen=True)
class Base:
    """An encoder with its tokenizer, ready for fine-tuning.

    Attributes:
        name: What was asked for, for the manifest.
        model: A BERT- or RoBERTa-like encoder without a head.
        tokenizer: Fast tokenizer.
        prefix: Text that the encoder expects before a message.
        notice: Licence notice that a bundle must carry, empty if none is known.
        trimming: How far the vocabulary was trimmed, or None.
    """

    name: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    prefix: str
    notice: str
    trimming: Trimming | None

    def save(self, folder: Path) -> None:
        """Write model and tokenizer in the ordinary `transformers` folder format, usable as ``--base FOLDER``."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)


def load_base(name: str, texts: Sequence[str], unseen: Sequence[str], cache: Path) -> Base:
    """Load `name` and trim its vocabulary if it is a large multilingual one.

    Args:
        name: ``packaged:multilingual-e5-small``, a hub id, or a folder in the `transformers` format.
        texts: Text whose pieces trimming must keep.
        unseen: Other text, on which the loss by trimming is measured.
        cache: Folder for downloaded package data.

    Raises:
        ValueError: The tokenizer is slow-only, or lacks the tokens that open and close an input.
        OSError: The encoder cannot be found or fetched.
    """
    prefix, notice = "", ""
    if name == packaged.NAME:
        model, tokenizer = packaged.load_packaged(cache)
        prefix, notice = packaged.PREFIX, packaged.NOTICE
    elif name.startswith("packaged:"):
        raise ValueError(f"{name}: the only packaged base is {packaged.NAME}")
    else:
        options: dict[str, Any] = {"add_pooling_layer": False}
        model = AutoModel.from_pretrained(name, **options)
        tokenizer = AutoTokenizer.from_pretrained(name)
        if "e5" in Path(name).name.lower():
            prefix = packaged.PREFIX
    if not tokenizer.is_fast:
        raise ValueError(f"{name}: has no fast tokenizer (tokenizer.json)")
    if tokenizer.cls_token_id is None or tokenizer.sep_token_id is None:
        raise ValueError(f"{name}: its tokenizer needs cls and sep tokens, as BERT and RoBERTa have")
    tokenizer, trimming = trim(model, tokenizer, texts, unseen)
    return Base(name, model.float().eval(), tokenizer, prefix, notice, trimming)
