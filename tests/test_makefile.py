"""What make would run is what a shell can read."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("target", ["serve", "console", "test", "train", "teachers", "eval", "bench"])
def test_every_command_is_whole(target):
    command = ["make", "--always-make", "--dry-run", target]
    wanted = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "pip install" in wanted
    subprocess.run(["sh", "-n"], input=wanted, text=True, capture_output=True, check=True)
