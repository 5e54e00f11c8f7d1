"""A finished run whose model another run goes on from."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from training.errors import TrainingError
from training.model import RiskModel


@dataclass(frozen=True)
class Start:
    """The model of a finished run.

    Attributes:
        run: Name of the run's folder.
        file: The model's file.
        model: The model, in fp32 on the CPU.
        minutes: How long it was fine-tuned.
    """

    run: str
    file: Path
    model: RiskModel
    minutes: float

    def as_dict(self) -> dict[str, Any]:
        """The facts that a bundle's manifest keeps."""
        digest = hashlib.sha256(self.file.read_bytes()).hexdigest()
        return {"run": self.run, "sha256": digest, "finetuning_minutes": self.minutes}


def read_start(folder: Path) -> Start:
    """Read the model of the run in `folder`.

    Raises:
        TrainingError: The folder holds no finished run.
    """
    file, log = folder / "model.pt", folder / "log.json"
    if not file.exists() or not log.exists():
        raise TrainingError(f"--start {folder}: holds no finished run (model.pt and log.json)")
    model = torch.load(file, weights_only=False)  # our own file
    return Start(folder.name, file, model, json.loads(log.read_text(encoding="utf-8"))[-1]["minutes"])
