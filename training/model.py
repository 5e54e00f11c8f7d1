"""The model: an encoder, one linear output per token and label, and per label its own attention over the message."""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel

from classifier.labels import LABEL_NAMES
from training.errors import TrainingError

_WORDS = "embeddings.word_embeddings.weight"


class RiskModel(nn.Module):
    """Encoder with a linear head on standardised states, averaged with weights that each label learns for itself.

    Mean-pooled features of E5 have a standard deviation near 0.09; a fresh linear head learns nothing from them in
    small-data fine-tuning. They are therefore standardised with the statistics of the training set. Label-wise attention
    (Mullenbach et al. 2018) lets one line in a long message decide; with zero queries, as at the start, it is the mean.
    """

    def __init__(self, encoder: PreTrainedModel, distillation: float = 0.0) -> None:
        """Take an encoder; `distillation` is the teacher's share (0 to 1) of the loss on rows that it has judged."""
        super().__init__()
        self.encoder = encoder
        self.distillation = distillation
        width = encoder.config.hidden_size
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("deviation", torch.ones(width))
        self.head = nn.Linear(width, len(LABEL_NAMES))
        self.query = nn.Linear(width, len(LABEL_NAMES), bias=False)
        nn.init.zeros_(self.query.weight)

    def pooled(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, message_mask: torch.Tensor) -> torch.Tensor:
        """Mean of the last states over the message's tokens, shape (batch, width)."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = message_mask.unsqueeze(-1).to(states.dtype)
        return (states * weights).sum(1) / weights.sum(1)

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        message_mask: torch.Tensor,
        labels: torch.Tensor | None = None,
        teacher: torch.Tensor | None = None,
    ) -> dict[str, torch.Tensor]:
        """Return logits (batch, labels) and, given labels, the mean loss.

        The loss is binary cross-entropy with the labels, of shape (batch, labels) and in [0, 1]; on rows with a teacher's
        logits part of it is that with the teacher (`distillation_loss`).
        """
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        standard = (states - self.mean) / self.deviation
        logits = attended(self.head(standard).float(), self.query(standard).float(), message_mask)
        if labels is None:
            return {"logits": logits}
        loss = nn.functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
        if teacher is not None and self.training:
            judged = teacher.isfinite()
            soft = distillation_loss(logits, teacher.nan_to_num())
            loss = torch.where(judged, torch.lerp(loss, soft, self.distillation), loss)
        return {"loss": loss.mean(), "logits": logits}

    def go_on_from(self, earlier: "RiskModel") -> None:
        """Take the weights of a model trained before, but for the word embeddings: these never change in training.

        Raises:
            TrainingError: It has another shape, such as fewer layers.
        """
        own = f"encoder.{_WORDS}"
        weights = {name: weight for name, weight in earlier.state_dict().items() if name != own}
        expected = {name: weight.shape for name, weight in self.state_dict().items() if name != own}
        if {name: weight.shape for name, weight in weights.items()} != expected:
            raise TrainingError("the run to go on from has a model of another shape (layers, width or labels)")
        self.load_state_dict(weights, strict=False)

    def start_head(self, probe: "Probe") -> None:
        """Take standardisation and head from a linear probe."""
        self.mean.copy_(torch.from_numpy(probe.mean))
        self.deviation.copy_(torch.from_numpy(probe.deviation))
        self.head.weight.data.copy_(torch.from_numpy(probe.weight))
        self.head.bias.data.copy_(torch.from_numpy(probe.bias))


TEMPERATURE = 2.0


def distillation_loss(logits: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Cross-entropy with a teacher at a raised temperature, times its square (Hinton et al. 2015), per row and label.

    Args:
        logits: The student's, any shape.
        teacher: Logits of the same shape.

    Returns:
        The same shape. At a raised temperature the teacher's doubts weigh more than its certainties.
    """
    wanted = torch.sigmoid(teacher / TEMPERATURE)
    loss = nn.functional.binary_cross_entropy_with_logits(logits / TEMPERATURE, wanted, reduction="none")
    return TEMPERATURE**2 * loss


def attended(outputs: torch.Tensor, attention: torch.Tensor, message_mask: torch.Tensor) -> torch.Tensor:
    """Mean of the tokens' outputs, weighted per label by the softmax of its attention over the message's tokens.

    Args:
        outputs: Shape (batch, tokens, labels).
        attention: The same shape, before the softmax.
        message_mask: Shape (batch, tokens), 1 on the message.

    Returns:
        Shape (batch, labels).
    """
    weights = attention.masked_fill(message_mask.unsqueeze(-1) == 0, -1e4).softmax(1)
    return (weights * outputs).sum(1)


@dataclass(frozen=True)
class Probe:
    """A linear probe on frozen features: mean and deviation (width,), weight (labels, width), bias (labels,)."""

    mean: np.ndarray
    deviation: np.ndarray
    weight: np.ndarray
    bias: np.ndarray


class ExportModel(nn.Module):
    """What is exported: one unpadded input, standardisation folded into head and query."""

    def __init__(self, model: RiskModel) -> None:
        super().__init__()
        self.encoder = copy.deepcopy(model.encoder)
        self.head, self.query = copy.deepcopy(model.head), copy.deepcopy(model.query)
        self.head.weight.data /= model.deviation
        self.head.bias.data -= self.head.weight.data @ model.mean
        self.query.weight.data /= model.deviation  # what the mean adds is the same for all tokens: the softmax drops it

    def forward(self, input_ids: torch.Tensor, message_mask: torch.Tensor) -> torch.Tensor:
        """Logits, shape (1, labels)."""
        states = self.encoder(input_ids=input_ids).last_hidden_state
        return attended(self.head(states), self.query(states), message_mask)
