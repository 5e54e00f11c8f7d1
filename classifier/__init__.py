"""The shared core of Vangnet: one message in, calibrated label scores and a decision out.

Needs numpy, onnxruntime and tokenizers; never torch, never a web framework.
"""

import os

# Before onnxruntime is imported: its Linux builds collect usage data unless this is set.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

from classifier.bundle import latest_bundle
from classifier.classifier import Classifier, Prediction
from classifier.errors import BundleError, MessageError, PolicyError, VangnetError
from classifier.message import Message, Role, Turn
from classifier.policy import Decision, Policy

__all__ = [
    "BundleError",
    "Classifier",
    "Decision",
    "Message",
    "MessageError",
    "Policy",
    "PolicyError",
    "Prediction",
    "Role",
    "Turn",
    "VangnetError",
    "latest_bundle",
]
