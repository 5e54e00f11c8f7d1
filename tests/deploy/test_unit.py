"""The systemd unit, by systemd's own checks, and the settings that all files of `deploy` name."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from serving.settings import Settings
from tests.deploy.conftest import DEPLOY, ROOT

UNIT = (DEPLOY / "vangnet.service").read_text(encoding="utf-8")
CONSOLE = (DEPLOY / "vangnet-console.service").read_text(encoding="utf-8")
EXAMPLE = DEPLOY / "vangnet.env.example"
PROGRAM = "/opt/vangnet/venv/bin/vangnet"
KNOWN = {f"VANGNET_{name.upper()}" for name in Settings.model_fields}
MOST_EXPOSED = 25
"""Of 100, as `systemd-analyze security` counts."""


def analyze(command, unit, folder):
    """Exit status and messages of systemd about a unit, whose program is where this environment has it."""
    assert re.search(rf"^ExecStart={PROGRAM} (serve|console)$", unit, re.MULTILINE)
    path = folder / "vangnet.service"
    path.write_text(unit.replace(PROGRAM, str(Path(sys.executable).with_name("vangnet"))), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", *command, str(path)], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


VERIFY = ("verify", "--man=no", "--recursive-errors=one")


@pytest.mark.parametrize("unit", [UNIT, CONSOLE], ids=["service", "console"])
def test_systemd_accepts_the_unit(unit, tmp_path):
    assert analyze(VERIFY, unit, tmp_path) == (0, "")


def test_the_console_is_kept_as_close_as_the_service():
    def kept(unit):
        return unit.split("MemoryMax")[1]

    assert kept(CONSOLE) == kept(UNIT)


def test_systemd_would_tell_a_wrong_key(tmp_path):
    status, told = analyze(VERIFY, UNIT.replace("PrivateTmp", "PrivatTmp"), tmp_path)
    assert status != 0
    assert "PrivatTmp" in told


def test_the_unit_gives_little_away(tmp_path):
    command = ("security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager")
    assert analyze(command, UNIT, tmp_path)[0] == 0
    assert analyze(command, UNIT.replace("CapabilityBoundingSet=\n", ""), tmp_path)[0] != 0


def test_the_unit_stops_and_restarts_as_the_service_needs():
    for line in ("Restart=on-failure", "StateDirectory=vangnet", "ProtectSystem=strict", "NoNewPrivileges=yes"):
        assert f"\n{line}\n" in UNIT
    assert "\nEnvironmentFile=/etc/vangnet/vangnet.env\n" in UNIT
    assert "ORT_DISABLE_TELEMETRY=1" in UNIT
    stop, memory = re.findall(r"^(?:TimeoutStopSec|MemoryMax)=(.+)$", UNIT, re.MULTILINE)
    assert int(stop) > Settings.model_fields["deadline_ms"].default / 1000
    assert memory == "1G"


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "Dockerfile",
        *(DEPLOY / name for name in ("compose.yaml", "vangnet.service", "vangnet-console.service", "README.md")),
        EXAMPLE,
    ],
    ids=lambda path: path.name,
)
def test_every_setting_that_is_named_is_one(path):
    named = set(re.findall(r"\bVANGNET_[A-Z_]+", path.read_text(encoding="utf-8")))
    assert named
    assert named <= KNOWN


def test_the_example_is_accepted_with_everything_switched_on(monkeypatch):
    lines = [line.removeprefix("#") for line in EXAMPLE.read_text(encoding="utf-8").splitlines()]
    values = dict(line.split("=", 1) for line in lines if line.startswith("VANGNET_"))
    values["VANGNET_SECRETS"] = "x" * 44
    values["VANGNET_WEBHOOK_SECRET"] = "x" * 24
    assert len(values) > 15
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.review_storage == "ids"
    assert settings.webhook_urls == ("https://forum.example/hooks/vangnet",)
