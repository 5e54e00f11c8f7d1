"""A linear probe on the frozen encoder: logistic regression per label on standardised pooled features."""

import warnings

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, Dataset, Subset
from tqdm.auto import tqdm

from training.model import Probe, RiskModel
from training.rows import Collator

INVERSE_REGULARISATION = 0.05


MOST_ROWS = 8_000
"""The probe is only a start; beyond this many rows, drawn evenly, it gains little."""


def fit_probe(model: RiskModel, dataset: Dataset, lengths: list[int], collator: Collator) -> Probe:
    """Fit the probe on rows of `dataset` (each label needs both a positive and a negative row among them)."""
    step = max(1, -(-len(dataset) // MOST_ROWS))
    # Sorted by length, so that batches hold little padding.
    rows = sorted(range(0, len(dataset), step), key=lambda row: lengths[row])
    features, labels = pooled_features(model, Subset(dataset, rows), collator)
    scaler = StandardScaler().fit(features)
    standard = scaler.transform(features)
    weights, biases = [], []
    for column in tqdm(labels.T, desc="probe", unit="label"):
        with warnings.catch_warnings():
            # The solver then goes on with another one, and a start need not be exact.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=300).fit(standard, column)
        weights.append(fitted.coef_[0])
        biases.append(fitted.intercept_[0])
    return Probe(
        scaler.mean_.astype(np.float32),
        scaler.scale_.astype(np.float32),
        np.array(weights, dtype=np.float32),
        np.array(biases, dtype=np.float32),
    )


def pooled_features(
    model: RiskModel, dataset: Dataset, collator: Collator, batch: int = 32
) -> tuple[np.ndarray, np.ndarray]:
    """Features (rows, width) of the frozen encoder and labels (rows, labels)."""
    loader = DataLoader(dataset, batch_size=batch, collate_fn=collator)
    features, labels = [], []
    model.eval()
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        for part in tqdm(loader, desc="features", unit="batch"):
            part.pop("teacher", None)
            labels.append(part.pop("labels").numpy() >= 0.5)  # a teacher's variants carry probabilities
            features.append(model.pooled(**part).float().numpy())
    return np.concatenate(features), np.concatenate(labels)
