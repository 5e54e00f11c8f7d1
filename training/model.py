"""The model: an encoder, the mean of its states over the message, and one linear output per label."""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel

from classifier.labels import LABEL_NAMES


class RiskModel(nn.Module):
    """Encoder with a linear head on standardised mean-pooled features.

    Mean-pooled features of E5 have a standard deviation near 0.09; a fresh linear head learns nothing from them in
    small-data fine-tuning. They are therefore standardised with the statistics of the training set.
    """

    def __init__(self, encoder: PreTrainedModel) -> None:
        super().__init__()
        self.encoder = encoder
        width = encoder.config.hidden_size
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("deviation", torch.ones(width))
        self.head = nn.Linear(width, len(LABEL_NAMES))

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
    ) -> dict[str, torch.Tensor]:
        """Return logits (batch, labels) and, given labels, the mean binary cross-entropy."""
        features = (self.pooled(input_ids, attention_mask, message_mask) - self.mean) / self.deviation
        logits = self.head(features).float()
        if labels is None:
            return {"logits": logits}
        return {"loss": nn.functional.binary_cross_entropy_with_logits(logits, labels), "logits": logits}

    def start_head(self, probe: "Probe") -> None:
        """Take standardisation and head from a linear probe."""
        self.mean.copy_(torch.from_numpy(probe.mean))
        self.deviation.copy_(torch.from_numpy(probe.deviation))
        self.head.weight.data.copy_(torch.from_numpy(probe.weight))
        self.head.bias.data.copy_(torch.from_numpy(probe.bias))


@dataclass(frozen=True)
class Probe:
    """A linear probe on frozen features: mean and deviation (width,), weight (labels, width), bias (labels,)."""

    mean: np.ndarray
    deviation: np.ndarray
    weight: np.ndarray
    bias: np.ndarray


class ExportModel(nn.Module):
    """What is exported: one unpadded input, standardisation folded into the head."""

    def __init__(self, model: RiskModel) -> None:
        super().__init__()
        self.encoder = copy.deepcopy(model.encoder)
        weight = model.head.weight.data / model.deviation
        self.head = nn.Linear(weight.shape[1], weight.shape[0])
        self.head.weight.data.copy_(weight)
        self.head.bias.data.copy_(model.head.bias.data - weight @ model.mean)

    def forward(self, input_ids: torch.Tensor, message_mask: torch.Tensor) -> torch.Tensor:
        """Logits, shape (1, labels)."""
        states = self.encoder(input_ids=input_ids).last_hidden_state
        weights = message_mask.unsqueeze(-1)
        return self.head((states * weights).sum(1) / weights.sum(1))
