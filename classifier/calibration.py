"""From logits to scores: one sigmoid with slope and offset per label (Platt 1999), for a named mix of messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.errors import BundleMismatch
from classifier.labels import LABEL_NAMES

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """Slope and offset per label.

    Attributes:
        slope: Shape (labels,), positive.
        offset: Shape (labels,).
        mix: Shares of message groups for which the scores are probabilities, such as ``{"risky": 0.01, ...}``.
    """

    slope: Array
    offset: Array
    mix: Mapping[str, float]

    def scores(self, logits: Array) -> Array:
        """Calibrated probabilities in [0, 1], same shape as `logits` (..., labels)."""
        return 1.0 / (1.0 + np.exp(-np.clip(self.slope * logits + self.offset, -60.0, 60.0)))

    def as_dict(self) -> dict[str, Any]:
        """Plain values for calibration.json."""
        labels = {
            name: {"slope": float(slope), "offset": float(offset)}
            for name, slope, offset in zip(LABEL_NAMES, self.slope, self.offset, strict=True)
        }
        return {"method": "platt", "mix": dict(self.mix), "labels": labels}

    @classmethod
    def from_dict(cls, source: Mapping[str, Any]) -> "Calibration":
        """The inverse of `as_dict`.

        Raises:
            BundleMismatch: The labels differ from this software's, or a slope is not positive.
        """
        try:
            labels = source["labels"]
            if tuple(labels) != LABEL_NAMES:
                raise BundleMismatch("calibration.json names other labels than this version of Vangnet")
            slope = np.array([float(labels[name]["slope"]) for name in LABEL_NAMES])
            offset = np.array([float(labels[name]["offset"]) for name in LABEL_NAMES])
            mix = {str(group): float(share) for group, share in source["mix"].items()}
        except (AttributeError, KeyError, TypeError, ValueError):
            raise BundleMismatch("calibration.json has not the expected fields") from None
        if not (np.isfinite(slope).all() and np.isfinite(offset).all() and (slope > 0).all()):
            raise BundleMismatch("calibration.json: slopes must be positive and all values finite")
        return cls(slope, offset, mix)
