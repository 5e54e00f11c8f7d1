"""Shared parts: the shipped bundle, loaded once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from classifier import Classifier
from tests.servers import postgresql, postgresql_url, redis_server, redis_url

__all__ = ["postgresql", "postgresql_url", "redis_server", "redis_url"]
ROOT = Path(__file__).parent.parent


SHIPPED = ROOT / "models" / "vangnet-0.3.0"


@pytest.fixture(autouse=True, scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a service of these tests keeps, unless a test says otherwise, is not kept in the working folder."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VANGNET_DATA", str(folder))
        # However slow the machine that tests: only tests of the limit itself should meet it.
        patch.setenv("VANGNET_QUEUE_MS", "60000")
        yield folder


@pytest.fixture(scope="session")
def bundle_folder() -> Path:
    return SHIPPED


@pytest.fixture(scope="session")
def classifier(bundle_folder: Path) -> Classifier:
    return Classifier.load(bundle_folder)
