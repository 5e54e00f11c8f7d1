"""The processes that are measured: started, waited for, read from outside, and always ended."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from classifier import VangnetError
from serving.bench.connection import HOST
from serving.bench.messages import Body

START_PATIENCE = 120.0
"""Seconds in which a server must be ready."""
_TICKS = os.sysconf("SC_CLK_TCK")


class NotStarted(VangnetError):
    """A server ended or was not ready in time; standard error says why."""


@dataclass(frozen=True)
class Server:
    """A server that is ready: its process, its port, seconds it took and resident memory (MB) then."""

    process: int
    port: int
    start_seconds: float
    start_mb: float


@dataclass(frozen=True)
class Raw:
    """The bare model in a process of its own."""

    process: int
    pipe: "subprocess.Popen[str]"

    def loop(self, bodies: Sequence[Body], seconds: float) -> dict[str, Any]:
        """See `serving.bench.raw.loop`."""
        assert self.pipe.stdin is not None
        assert self.pipe.stdout is not None
        self.pipe.stdin.write(json.dumps({"messages": bodies, "seconds": seconds}) + "\n")
        self.pipe.stdin.flush()
        answer: dict[str, Any] = json.loads(self.pipe.stdout.readline())
        return answer


@contextmanager
def service(bundle: Path) -> Iterator[Server]:
    """`vangnet serve` with the settings of the environment, and an empty data folder."""
    with TemporaryDirectory(prefix="vangnet-bench-") as data:
        command = ["-c", "from serving.cli import main; main()", "serve"]
        with _server(command, "/ready", {"VANGNET_BUNDLE": str(bundle), "VANGNET_DATA": data}) as server:
            yield server


@contextmanager
def uvicorn(module: str, bundle: Path) -> Iterator[Server]:
    """The application of a module of `serving.bench`; no access log, as the service has none either."""
    options = ["--factory", f"serving.bench.{module}:app", "--no-access-log", "--log-level", "warning"]
    with _server(["-m", "uvicorn", *options], "/docs", {"VANGNET_BUNDLE": str(bundle)}) as server:
        yield server


@contextmanager
def raw(bundle: Path, threads: int) -> Iterator[Raw]:
    """The bare model."""
    with _running(["-m", "serving.bench.raw", str(bundle), str(threads)], {}, subprocess.PIPE) as process:
        yield Raw(process.pid, process)


def resident_mb(process: int) -> float:
    """Resident memory in MB (10^6 bytes)."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ProcessLookupError(process)


def cpu_seconds(process: int) -> float:
    """Processor time of all its threads so far, in steps of usually 10 ms."""
    # The name, in parentheses, may hold spaces; user and system time are the 12th and 13th field after it.
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def _server(arguments: Sequence[str], ready: str, environment: Mapping[str, str]) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    begun = time.perf_counter()
    with _running([*arguments, "--host", HOST, "--port", str(port)], environment, subprocess.DEVNULL) as process:
        while not _ready(port, ready):
            if process.poll() is not None or time.perf_counter() - begun > START_PATIENCE:
                raise NotStarted("a server did not become ready; what it says itself stands above")
            time.sleep(0.01)
        seconds = time.perf_counter() - begun
        yield Server(process.pid, port, seconds, resident_mb(process.pid))


@contextmanager
def _running(arguments: Sequence[str], environment: Mapping[str, str], pipe: int) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, env={**os.environ, **environment}, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _ready(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
