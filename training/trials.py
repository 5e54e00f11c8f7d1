"""Models trained for a comparison: on some of the training messages, kept so that none is trained twice."""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from transformers import set_seed

from classifier.encoding import MessageEncoder
from training.base.load import CACHE, Base, load_base
from training.base.packaged import NAME as DEFAULT_BASE
from training.corpus_files import Corpus, Example
from training.finetune import Recipe
from training.fit import fit, message_encoder
from training.inputs import MODEL_CODE, digest
from training.model import RiskModel
from training.presumed_safe import PresumedSafe
from training.teacher import Teacher


@dataclass(frozen=True)
class Bench:
    """What all trials of one comparison share.

    Attributes:
        base: The encoder they start from, its vocabulary trimmed for all training voices.
        encoder: Turns messages into ids.
        real: Presumed-safe sentences, or None.
        recipe: Settings of fine-tuning.
        work: Folder in which finished models are kept.
        teacher: A larger model's logits to learn from, or None.
    """

    base: Base
    encoder: MessageEncoder
    real: PresumedSafe | None
    recipe: Recipe
    work: Path
    teacher: Teacher | None = None

    @property
    def pad(self) -> int:
        """Id of the padding token."""
        return int(self.base.tokenizer.pad_token_id)

    def trained(self, examples: Sequence[Example]) -> RiskModel:
        """The model trained on the examples: from `work` if it is there, which examples, base, recipe and code decide."""
        folder = self.work / self._key(examples)
        finished = folder / "model.pt"
        if finished.exists():
            return torch.load(finished, weights_only=False)  # our own file
        set_seed(self.recipe.seed)
        checkpoints = folder / "checkpoints"
        model, _ = fit(self.base, self.encoder, examples, (), self.real, self.recipe, checkpoints, self.teacher)
        torch.save(model, folder / "model.part")
        (folder / "model.part").replace(finished)
        return model

    def _key(self, examples: Sequence[Example]) -> str:
        content = [
            self.base.name,
            self.real.sha256 if self.real else None,
            self.teacher.sha256 if self.teacher else None,
            asdict(self.recipe),
            self.base.tokenizer.backend_tokenizer.to_str(),
            _weights(self.base.model),
            digest(MODEL_CODE),
            [
                [
                    row.message.text,
                    [[turn.role, turn.text] for turn in row.message.context],
                    sorted(row.labels),
                    row.wording,
                ]
                for row in examples
            ],
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def open_bench(
    corpus: Corpus,
    real: PresumedSafe | None,
    recipe: Recipe,
    work: Path,
    base: str = DEFAULT_BASE,
    teacher: Teacher | None = None,
) -> Bench:
    """Load the base encoder for trials on a corpus."""
    training = [example.message for example in corpus.split("train")]
    texts = [message.text for message in training] + [turn.text for message in training for turn in message.context]
    loaded = load_base(base, [*texts, *(real.training if real else ())], [], CACHE)
    loaded.save(work / "base")
    return Bench(loaded, message_encoder(loaded, work / "base" / "tokenizer.json"), real, recipe, work, teacher)


def shuffled_voices(corpus: Corpus, seed: int) -> list[str]:
    """The training voices in an order that depends on the seed alone, so that shares of them are nested."""
    voices = sorted({example.voice for example in corpus.split("train")})
    random.Random(seed).shuffle(voices)
    return voices


def share_of(corpus: Corpus, seed: int, share: float) -> list[Example]:
    """The training messages of the first part of the shuffled voices."""
    voices = set(first_voices(shuffled_voices(corpus, seed), share))
    return [example for example in corpus.split("train") if example.voice in voices]


def first_voices(order: Sequence[str], share: float) -> list[str]:
    """The first part of the voices, one at least; a smaller share is part of a larger one."""
    return list(order[: max(1, round(share * len(order)))])


def _weights(model: torch.nn.Module) -> str:
    total = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        total.update(name.encode() + tensor.cpu().numpy().tobytes())
    return total.hexdigest()
