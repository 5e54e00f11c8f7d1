"""The example as somebody runs it: with the service up, with nobody listening, and with a service that comes later."""

import os
import subprocess
import sys

import pytest

from tests.serving.conftest import PATIENCE, ROOT, Running

COMMAND = [sys.executable, str(ROOT / "client" / "examples" / "chat_loop.py"), "--url"]
CHAT = "anna: ik wil er echt niet meer zijn\nbo: doe het dan gewoon\n\nhoe laat begint de training?\n"
DELIVERED = ["anna: ik wil er echt niet meer zijn", "bo: doe het dan gewoon", "ik: hoe laat begint de training?"]


def environment(service):
    return {**os.environ, "VANGNET_API_KEY": service.key, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}


def chat(service, text):
    done = subprocess.run(
        [*COMMAND, service.url], input=text, capture_output=True, text=True, env=environment(service), timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    return [line for line in lines if not line.startswith(" ")][:-1], lines


def test_messages_are_judged_in_their_context_with_help_lines(service):
    delivered, lines = chat(service, CHAT)
    assert delivered == DELIVERED
    assert "self_harm/ideation" in lines[lines.index(DELIVERED[0]) + 1]
    assert "peer_influence/incitement" in lines[lines.index(DELIVERED[1]) + 1]
    assert "help for the target: 113 Zelfmoordpreventie, 113 (NL)" in lines[lines.index(DELIVERED[1]) + 2]
    assert lines[-2:] == ["    allow, severity none", "scored late: 0, never scored: 0"]


def test_messages_are_delivered_when_nobody_listens(tmp_path):
    delivered, lines = chat(Running(tmp_path), CHAT)
    assert delivered == DELIVERED
    assert sum("no answer yet" in line for line in lines) == 3
    assert lines[-1] == "scored late: 0, never scored: 3"


def test_a_text_that_cannot_be_judged_costs_no_other_its_answer(service):
    delivered, lines = chat(service, "x" * 10_001 + "\nik wil er echt niet meer zijn \N{WAVING HAND SIGN}\n")
    assert len(delivered) == 2
    assert sum("no answer yet: 422" in line for line in lines) == 1
    assert any("self_harm/ideation" in line for line in lines)
    assert lines[-1] == "scored late: 0, never scored: 1"


@pytest.fixture
def later(tmp_path):
    made = Running(tmp_path)
    made.make_key()
    yield made
    made.stop()


def test_messages_are_judged_late_by_a_service_that_comes_back(later):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([*COMMAND, later.url], env=environment(later), **pipes) as loop:
        try:
            loop.stdin.write(f"{DELIVERED[0]}\n")
            loop.stdin.flush()
            assert loop.stdout.readline() == f"{DELIVERED[0]}\n"
            assert "no answer yet" in loop.stdout.readline()
            later.start()
            rest, _ = loop.communicate("hoi\n", timeout=PATIENCE)
        finally:
            loop.kill()
    lines = rest.splitlines()
    assert lines[:3] == ["ik: hoi", "    allow, severity none", "    late, for: ik wil er echt niet meer zijn"]
    assert "self_harm/ideation" in lines[3]
    assert lines[-1] == "scored late: 1, never scored: 0"
