"""Have a finished run's model judge the training messages, for a smaller model to learn from."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from training.base.load import CACHE, load_base
from training.corpus_files import Example
from training.errors import TrainingError
from training.fit import message_encoder
from training.run import trained_stage
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
        TrainingError: The folder holds no finished model, or one that was trained on a voice which is not to be trained on.
    """
    finished = trained_stage(run).facts
    if finished is None or "voices" not in finished:
        raise TrainingError(f"{run}: holds no finished model; train one first (make teachers)")
    if leaked := set(finished["voices"]) - {example.voice for example in examples}:
        raise TrainingError(f"{run}: was trained on {', '.join(sorted(leaked))}, which a student must not learn from")
    model = torch.load(run / "model.pt", weights_only=False)  # our own file
    base = load_base(str(run / "base"), [], [], CACHE)
    encoder = message_encoder(base, run / "base" / "tokenizer.json")
    messages = list({key_of(one): one for one in [*(row.message for row in examples), *variants(examples)]}.values())
    logits = torch_logits(model, encoder, messages, base.tokenizer.pad_token_id, "teacher")
    keys = np.array([key_of(message) for message in messages], dtype=np.uint64)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f"{out.name}.part")
    with partial.open("wb") as file:  # a path would get ".npz" appended
        np.savez_compressed(file, keys=keys, logits=logits.astype(np.float16))
    partial.replace(out)
    return len(messages)
