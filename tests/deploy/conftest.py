"""The service as a process, and a Prometheus server."""

from pathlib import Path

from tests.servers import prometheus
from tests.serving.conftest import running

__all__ = ["prometheus", "running"]
ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
