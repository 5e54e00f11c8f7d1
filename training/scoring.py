"""Run an exported model over examples, one message a run, as the service does."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from tqdm.auto import tqdm

from classifier.classifier import INPUTS, OUTPUT
from classifier.encoding import MessageEncoder
from classifier.message import Message


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
