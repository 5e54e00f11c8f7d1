"""Shared parts: the shipped bundle, loaded once."""

from pathlib import Path

import pytest

from classifier import Classifier, latest_bundle

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def bundle_folder() -> Path:
    return latest_bundle(ROOT / "models")


@pytest.fixture(scope="session")
def classifier(bundle_folder: Path) -> Classifier:
    return Classifier.load(bundle_folder)
