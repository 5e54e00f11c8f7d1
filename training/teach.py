"""Have a finished run's model judge the training messages, for a smaller model to learn from."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from training.base.load import CACHE, load_base
from training.corpus_files import Example
from training.errors import TrainingError
from training.fit import message_encoder
from training.scoring import torch_logits
from training.teacher import key_of, variants


def teach(run: Path, examples: Sequence[Example], out: Path) -> int:
    """Write what the model of a finished run says of the training messages and their variants.

    Args:
        run: Folder of a run (``runs/<name>``), with ``model.pt`` and ``base``.
        examples: The messages that a student is to be trained on.
        out: File, half-precision logits with message keys; no text.

    Returns:
        The number of messages.

    Raises:
        TrainingError: The folder holds no finished model.
    """
    file = run / "model.pt"
    if not file.is_file():
        raise TrainingError(f"{run}: holds no finished model; train one first (make teachers)")
    model = torch.load(file, weights_only=False)  # our own file
    base = load_base(str(run / "base"), [], [], CACHE)
    encoder = message_encoder(base, run / "base" / "tokenizer.json")
    messages = list({key_of(one): one for one in [*(row.message for row in examples), *variants(examples)]}.values())
    logits = torch_logits(model, encoder, messages, base.tokenizer.pad_token_id, "teacher")
    keys = np.array([key_of(message) for message in messages], dtype=np.uint64)
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, keys=keys, logits=logits.astype(np.float16))
    return len(messages)
