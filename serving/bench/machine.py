"""On what was measured."""

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

_PACKAGES = ("vangnet", "onnxruntime", "tokenizers", "numpy", "fastapi", "pydantic", "uvicorn", "uvloop", "httptools")


def machine() -> dict[str, Any]:
    """The processor's name as Linux tells it, its cores, and the load average of the last minute: others at work."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }


def versions() -> dict[str, str]:
    """Of Python and of the packages that serve."""
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in _PACKAGES}
