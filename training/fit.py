"""From examples to a fine-tuned model: rows, a probe to start from, fine-tuning."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from torch import nn

from classifier.encoding import EncodingSettings, MessageEncoder
from classifier.labels import LABEL_NAMES
from training.base.load import Base
from training.corpus_files import Example
from training.errors import TrainingError
from training.finetune import Recipe, finetune
from training.model import RiskModel
from training.presumed_safe import PresumedSafe
from training.probe import fit_probe
from training.rows import Collator, clean_dataset, training_dataset
from training.teacher import Teacher


def message_encoder(base: Base, tokenizer_file: Path) -> MessageEncoder:
    """The encoder that the bundle will use, so that training sees the ids that serving sees."""
    settings = EncodingSettings(base.tokenizer.cls_token_id, base.tokenizer.sep_token_id, base.prefix)
    if settings.longest > base.model.config.max_position_embeddings - 2:
        raise TrainingError(
            f"{base.name}: reads at most {base.model.config.max_position_embeddings} tokens, {settings.longest} are needed"
        )
    return MessageEncoder(Tokenizer.from_file(str(tokenizer_file)), settings)


def fit(
    base: Base,
    encoder: MessageEncoder,
    examples: Sequence[Example],
    validation: Sequence[Example],
    real: PresumedSafe | None,
    recipe: Recipe,
    folder: Path,
    teacher: Teacher | None = None,
    start: RiskModel | None = None,
) -> tuple[RiskModel, list[dict[str, Any]]]:
    """Fine-tune a copy of the base encoder; an interrupted run goes on from its last checkpoint.

    Args:
        base: Stays as it is.
        encoder: As `message_encoder` gives it.
        examples: Training messages; every label must stand on one of them.
        validation: Measured after every epoch; may be empty.
        real: Presumed-safe sentences, or None.
        recipe: Settings.
        folder: Where checkpoints go.
        teacher: A larger model's logits to learn from, or None.
        start: A model of the same base to go on from; otherwise the head starts from a probe.

    Returns:
        The model in fp32 on the CPU, and the log.

    Raises:
        TrainingError: A label stands on no training message, the encoder has fewer layers than asked for, or
            `start` has another shape.
    """
    if missing := [name for name in LABEL_NAMES if not any(name in example.labels for example in examples)]:
        raise TrainingError(f"training voices lack {', '.join(missing)}")
    dataset = training_dataset(examples, real, encoder, recipe.seed, teacher)
    pad = base.tokenizer.pad_token_id
    model = RiskModel(_prepared(copy.deepcopy(base.model), recipe), recipe.distillation)
    lengths = list(dataset.with_format(None)["length"])
    if start is None:
        model.start_head(fit_probe(model, dataset, lengths, Collator(pad)))
    else:
        model.go_on_from(start)
    measured = clean_dataset(validation, encoder) if validation else None
    log = finetune(model, dataset, lengths, measured, pad, recipe, folder)
    return model.cpu().float().eval(), log


def _prepared(encoder: Any, recipe: Recipe) -> Any:
    """Cut a BERT- or RoBERTa-like encoder to its first layers and set its dropout, in place."""
    layers = recipe.layers
    if layers is not None:
        if not 1 <= layers <= len(encoder.encoder.layer):
            raise TrainingError(f"layers: must be 1 to {len(encoder.encoder.layer)} for this encoder")
        encoder.encoder.layer = encoder.encoder.layer[:layers]
        encoder.config.num_hidden_layers = layers
    for module in encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = recipe.dropout
    encoder.set_attn_implementation("eager")  # the fused one is slower in bfloat16 on CPUs
    return encoder
