"""Does the file that ships say what was trained? Torch, fp32 ONNX and int8 ONNX on the same rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from classifier.labels import LABEL_NAMES
from training.errors import TrainingError

FP32_TOLERANCE = 1e-3
"""Largest logit gap between torch and fp32 ONNX: anything above float noise is an export fault."""
LARGEST_MEAN_GAP = 0.10
MOST_CHANGED_DECISIONS = 0.03
"""Limits for int8 against fp32: mean absolute logit gap as a share of the logits' standard deviation (longer training
spreads logits, and their gaps with them), and share of rows whose decision changes."""


def parity_report(
    torch_logits: np.ndarray, fp32: np.ndarray, int8: np.ndarray, steps: Sequence[Sequence[float]]
) -> dict[str, Any]:
    """Compare logits of the same rows.

    Args:
        torch_logits: Shape (n, labels), fp32 torch.
        fp32: Shape (n, labels), fp32 ONNX.
        int8: Shape (n, labels), the file that ships.
        steps: Per label the int8 logits at which `review_at` and `escalate_at` are reached.

    Returns:
        Plain values for parity.json, with `passed` and, per label, mean and largest gap and changed decisions.
    """
    # 0, 1 or 2 per row and label: below both thresholds, over the first, over both.
    over_fp32, over_int8 = (sum((logits >= np.asarray(step)).astype(int) for step in steps) for logits in (fp32, int8))
    changed = over_fp32.max(axis=1) != over_int8.max(axis=1)
    gap = np.abs(int8 - fp32)
    spread = float(fp32.std())
    export_gap = float(np.abs(fp32 - torch_logits).max())
    passed = (
        export_gap <= FP32_TOLERANCE
        and gap.mean() <= LARGEST_MEAN_GAP * spread
        and changed.mean() <= MOST_CHANGED_DECISIONS
    )
    return {
        "rows": len(int8),
        "passed": bool(passed),
        "limits": {
            "torch_to_fp32": FP32_TOLERANCE,
            "int8_mean_gap_of_spread": LARGEST_MEAN_GAP,
            "changed_decisions": MOST_CHANGED_DECISIONS,
        },
        "torch_to_fp32_largest_gap": export_gap,
        "int8_mean_gap": float(gap.mean()),
        "fp32_logit_spread": spread,
        "changed_decisions": float(changed.mean()),
        "labels": {
            name: {
                "mean_gap": float(gap[:, column].mean()),
                "largest_gap": float(gap[:, column].max()),
                "changed_decisions": int((over_fp32[:, column] != over_int8[:, column]).sum()),
            }
            for column, name in enumerate(LABEL_NAMES)
        },
    }


def require_parity(report: dict[str, Any]) -> None:
    """Stop the run when the int8 file is not what was trained.

    Raises:
        TrainingError: A limit of the report is broken.
    """
    if not report["passed"]:
        raise TrainingError(
            f"parity: torch to fp32 gap {report['torch_to_fp32_largest_gap']:.2g}, int8 mean gap "
            f"{report['int8_mean_gap']:.3f} at spread {report['fp32_logit_spread']:.2f}, changed decisions "
            f"{report['changed_decisions']:.1%}; limits {report['limits']}"
        )
