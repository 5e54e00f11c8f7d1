"""Whether a disk has room, asked before hours of training and not after."""

import shutil
from pathlib import Path

from torch import nn

from training.errors import TrainingError

COPIES = 8
"""A run keeps about so many times the encoder's weights: base, checkpoint (three), one in the making, model and exports."""


def require_space(folder: Path, encoder: nn.Module) -> None:
    """Check the room for a run.

    Args:
        folder: An existing folder on the disk in question.
        encoder: The encoder that is to be trained.

    Raises:
        TrainingError: The disk has less room than the run needs.
    """
    wanted = COPIES * sum(weights.numel() * weights.element_size() for weights in encoder.parameters())
    held = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())  # of the run that is resumed
    free = shutil.disk_usage(folder).free
    if free + held < wanted:
        raise TrainingError(f"{folder}: a run needs about {wanted / 1e9:.1f} GB of disk, {free / 1e9:.1f} GB are free")
