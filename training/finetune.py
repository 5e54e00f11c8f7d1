"""Fine-tuning with `transformers.Trainer`: everything but the word embeddings."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from torch.utils.data import Sampler
from transformers import EvalPrediction, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_pt_utils import LengthGroupedSampler
from transformers.trainer_utils import get_last_checkpoint

from classifier.labels import LABEL_NAMES
from classifier.metrics import auroc, average_precision
from training.model import RiskModel
from training.rows import Collator

CHECKPOINT_STEPS = 250
"""An interrupted run loses this many steps at most."""


@dataclass(frozen=True)
class Recipe:
    """Settings of fine-tuning; the defaults are the shipped recipe.

    Attributes:
        epochs: Passes over the rows.
        learning_rate: Highest rate, after warm-up.
        batch: Rows a step.
        warmup: Share of the steps (0 to 1) in which the rate rises.
        weight_decay: As in AdamW.
        layers: How many of the encoder's first layers are kept; None keeps all.
        dropout: In [0, 1), everywhere in the encoder; rough spelling already makes every pass differ.
        attention: Whether each label learns its own attention over the message; otherwise it reads the mean.
        distillation: The teacher's share (0 to 1) of the loss on rows that it has judged, if there is a teacher.
        seed: Of order, noise and dropout.
    """

    epochs: float = 1.75
    learning_rate: float = 1e-4
    batch: int = 32
    warmup: float = 0.06
    weight_decay: float = 0.01
    layers: int | None = None
    dropout: float = 0.0
    attention: bool = True
    distillation: float = 0.5
    seed: int = 1


def finetune(
    model: RiskModel,
    training: Dataset,
    lengths: list[int],
    validation: Dataset | None,
    pad: int,
    recipe: Recipe,
    folder: Path,
) -> list[dict[str, Any]]:
    """Train in place, resuming from the last checkpoint in `folder` if there is one.

    Args:
        model: With its head started from a probe.
        training: Rows as `training_dataset` gives them.
        lengths: Tokens per row, to batch messages of like length.
        validation: Rows of the validation voices, measured after every epoch, or None.
        pad: Id of the padding token.
        recipe: Settings.
        folder: Where checkpoints go.

    Returns:
        The log: loss, minutes and validation metrics by step.
    """
    model.encoder.get_input_embeddings().requires_grad_(False)
    model.query.requires_grad_(recipe.attention)
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch,
        per_device_eval_batch_size=64,
        learning_rate=recipe.learning_rate,
        warmup_steps=recipe.warmup,
        weight_decay=recipe.weight_decay,
        lr_scheduler_type="linear",
        seed=recipe.seed,
        use_cpu=not torch.cuda.is_available(),
        dataloader_pin_memory=torch.cuda.is_available(),
        optim="adamw_torch_fused",
        bf16=True,  # on CPUs with AMX a step takes half as long as in fp32
        eval_strategy="no" if validation is None else "epoch",
        save_strategy="steps",
        save_steps=CHECKPOINT_STEPS,
        save_total_limit=1,
        logging_steps=50,
        remove_unused_columns=False,
        label_names=["labels"],
        report_to=[],
    )
    trainer = _Trainer(
        model=model,
        args=arguments,
        train_dataset=training,
        eval_dataset=validation,
        data_collator=Collator(pad),
        compute_metrics=_metrics,
        callbacks=[_Clock()],
    )
    trainer.lengths = lengths
    trainer.train(resume_from_checkpoint=get_last_checkpoint(str(folder)) if folder.is_dir() else None)
    # The trainer leaves autocast wrapped around `forward`; export and parity need the plain fp32 model.
    trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=False)
    return trainer.state.log_history


class _Clock(TrainerCallback):
    """Adds `minutes` spent so far, interrupted sessions included, to every entry of the log."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        before = max((entry.get("minutes", 0.0) for entry in state.log_history), default=0.0)
        self._started = time.monotonic() - 60 * before

    def on_log(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        state.log_history[-1]["minutes"] = round((time.monotonic() - self._started) / 60, 2)


class _Trainer(Trainer):
    lengths: list[int]

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler:
        generator = torch.Generator().manual_seed(self.args.seed)
        return LengthGroupedSampler(self.args.train_batch_size, lengths=self.lengths, generator=generator)


def _metrics(prediction: EvalPrediction) -> dict[str, float]:
    logits, labels = prediction.predictions, prediction.label_ids
    per_label = [average_precision(labels[:, column], logits[:, column]) for column in range(len(LABEL_NAMES))]
    return {"map": float(np.nanmean(per_label)), "any_auroc": auroc(labels.any(1), logits.max(1))}
