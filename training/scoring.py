"""Logits of many messages: of an exported model one by one, as the service runs it, or of a torch model in batches."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from tqdm.auto import tqdm

from classifier.classifier import INPUTS, OUTPUT
from classifier.encoding import MessageEncoder
from classifier.message import Message
from training.model import RiskModel
from training.rows import Collator


def onnx_logits(model: Path, encoder: MessageEncoder, messages: Sequence[Message], title: str) -> np.ndarray:
    """Logits (messages, labels), the highest over each message's windows."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def run(message: Message) -> np.ndarray:
        windows = encoder.encode(message)
        feeds = [dict(zip(INPUTS, (one.ids[None], one.message_mask[None]), strict=True)) for one in windows]
        return np.max([session.run([OUTPUT], feed)[0][0] for feed in feeds], axis=0)

    return np.array([run(message) for message in tqdm(messages, desc=title, unit="message")], dtype=np.float64)


def torch_logits(
    model: RiskModel, encoder: MessageEncoder, messages: Sequence[Message], pad: int, title: str, batch: int = 64
) -> np.ndarray:
    """The same of a model that is not exported, in padded batches of like length and bfloat16.

    Good enough to compare trials; what ships is measured by `onnx_logits`.
    """
    windows = [(row, window) for row, message in enumerate(messages) for window in encoder.encode(message)]
    windows.sort(key=lambda pair: len(pair[1].ids))
    collate = Collator(pad)
    logits = np.full((len(messages), model.head.out_features), -np.inf)
    model.eval()
    for start in tqdm(range(0, len(windows), batch), desc=title, unit="batch"):
        part = windows[start : start + batch]
        rows = [{"input_ids": one.ids, "message_mask": one.message_mask, "labels": []} for _, one in part]
        inputs = collate(rows)
        inputs.pop("labels")
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            found = model(**inputs)["logits"].float().numpy()
        np.maximum.at(logits, [row for row, _ in part], found)
    return logits
