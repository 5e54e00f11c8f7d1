"""Shared parts: the shipped bundle, loaded once."""

from pathlib import Path

import pytest

from classifier import Classifier

ROOT = Path(__file__).parent.parent


SHIPPED = ROOT / "models" / "vangnet-0.2.0"


@pytest.fixture(scope="session")
def bundle_folder() -> Path:
    return SHIPPED


@pytest.fixture(scope="session")
def classifier(bundle_folder: Path) -> Classifier:
    return Classifier.load(bundle_folder)
