"""The classifier: a verified bundle, ready to judge one message at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from classifier import normalise
from classifier.bundle import Bundle, read_bundle
from classifier.calibration import Calibration
from classifier.encoding import EncodingSettings, MessageEncoder
from classifier.errors import BundleMismatch, MessageError, PolicyError
from classifier.labels import LABEL_NAMES, Area, area_columns
from classifier.message import Message
from classifier.policy import Policy

INPUTS = ("input_ids", "message_mask")
OUTPUT = "logits"


@dataclass(frozen=True)
class Prediction:
    """What the model says about one message.

    Attributes:
        logits: Shape (labels,), the highest over the message's windows.
        scores: Calibrated probability per label name, in [0, 1].
        areas: Per area the highest score among its labels.
    """

    logits: NDArray[np.float64]
    scores: Mapping[str, float]
    areas: Mapping[str, float]


class Classifier:
    """Judges messages; safe to share between threads.

    One message is one ONNX run: dynamic int8 takes its activation scale over the whole batch, so a message's score
    would otherwise depend on its neighbours (docs/decisions).
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.calibration = Calibration.from_dict(bundle.json("calibration.json"))
        try:
            self.policy = Policy.from_dict(bundle.json("policy.json"))
        except PolicyError as error:
            raise BundleMismatch(f"policy.json: {error}") from None
        if self.policy.model != bundle.name:
            raise BundleMismatch(f"policy.json: was made for {self.policy.model}, this bundle is {bundle.name}")
        try:
            tokenizer = Tokenizer.from_str(bundle.files["tokenizer.json"].decode("utf-8"))
            settings = EncodingSettings.from_dict(bundle.manifest["encoding"])
        except Exception as error:  # tokenizers raises bare Exception
            raise BundleMismatch(f"tokenizer.json or its settings: {error}") from None
        self.encoder = MessageEncoder(tokenizer, settings)
        self._session = _session(bundle.files["model.onnx"])

    @classmethod
    def load(cls, folder: str | Path) -> "Classifier":
        """Read, verify and start a bundle.

        Raises:
            BundleError: The bundle is missing, truncated, tampered or does not fit this software.
        """
        return cls(read_bundle(folder))

    @property
    def versions(self) -> dict[str, str]:
        """Versions that every answer names."""
        return {"model": self.bundle.name, "normaliser": normalise.VERSION, "policy": self.policy.version}

    def predict(self, message: Message) -> Prediction:
        """Score one message in its context. The same message always gives the same scores on one kind of processor."""
        logits = np.max([self._run(window.ids, window.message_mask) for window in self.encoder.encode(message)], axis=0)
        scores = self.calibration.scores(logits)
        areas = {str(area): float(scores[area_columns(area)].max()) for area in Area}
        return Prediction(logits, dict(zip(LABEL_NAMES, scores.tolist(), strict=True)), areas)

    def self_test(self) -> None:
        """Score the manifest's reference messages and compare with what was recorded when the bundle was made.

        Raises:
            BundleMismatch: A score is further off than the bundle's tolerance, or a decision differs.
        """
        test = self.bundle.manifest["self_test"]
        try:
            if not test["cases"]:
                raise BundleMismatch("self_test in the manifest has no cases")
            for number, case in enumerate(test["cases"], 1):
                prediction = self.predict(Message.from_mapping(case["message"]))
                worst = max(abs(prediction.scores[name] - case["scores"][name]) for name in LABEL_NAMES)
                if worst > test["tolerance"]:
                    raise BundleMismatch(f"self-test {number}: a score is off by {worst:.3f}, more than allowed")
                if self.policy.decide(prediction.scores).action != case["decision"]:
                    raise BundleMismatch(f"self-test {number}: the decision is not {case['decision']}")
        except (KeyError, TypeError, MessageError):
            raise BundleMismatch("self_test in the manifest has not the expected fields") from None
        except BundleMismatch:
            raise
        except Exception as error:  # onnxruntime raises its own undocumented exception classes
            raise BundleMismatch(f"model.onnx and tokenizer.json do not fit: {type(error).__name__}") from None

    def _run(self, ids: NDArray[np.int64], mask: NDArray[np.float32]) -> NDArray[np.float64]:
        feed = dict(zip(INPUTS, (ids[np.newaxis], mask[np.newaxis]), strict=True))
        logits: NDArray[np.float64] = self._session.run([OUTPUT], feed)[0][0].astype(np.float64)
        return logits


def _session(model: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    # One thread per message: messages run side by side instead (design: measured 788 against 480 messages/s).
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    try:
        session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises its own undocumented exception classes
        raise BundleMismatch(f"model.onnx cannot be loaded: {type(error).__name__}") from None
    outputs = {output.name: output.shape for output in session.get_outputs()}
    if tuple(entry.name for entry in session.get_inputs()) != INPUTS or outputs.get(OUTPUT, [0])[-1] != len(
        LABEL_NAMES
    ):
        raise BundleMismatch(f"model.onnx must read {INPUTS} and give {len(LABEL_NAMES)} {OUTPUT}")
    return session
