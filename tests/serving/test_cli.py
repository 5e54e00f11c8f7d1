"""The command as a user runs it, and the real server on a real port."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
VANGNET = [sys.executable, "-c", "from serving.cli import main; main()"]


def vangnet(*arguments, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*VANGNET, *arguments], capture_output=True, text=True, cwd=ROOT, env=environment, check=False, **options
    )


def test_score_text_as_table_and_json():
    table = vangnet("score", "ik wil niet meer leven [b]")
    assert table.returncode == 0
    assert "review" in table.stdout
    assert "[b]" in table.stdout
    answer = json.loads(vangnet("score", "--json", "hoe laat eten we?").stdout)
    assert answer["decision"] == "allow"
    assert {"decision", "severity", "areas", "labels", "versions"} <= set(answer)


def test_score_explains_with_the_words_of_the_text():
    text = "ik wil niet meer leven"
    shown = vangnet("score", text, "--json", "--explain")
    [reason, *_] = json.loads(shown.stdout)["reasons"]
    assert any("leven" in text[span["start"] : span["end"]] for span in reason["evidence"])
    assert vangnet("score", text, "--explain").stdout.count("leven") > vangnet("score", text).stdout.count("leven")


def test_score_file_keeps_order_and_reports_bad_lines(tmp_path):
    file = tmp_path / "berichten.jsonl"
    lines = ['{"text": "hoi"}', "geen json", '{"text": ""}', "", '{"text": "ik wil dood", "context": []}', "5"]
    file.write_text("\n".join(lines), encoding="utf-8")
    done = vangnet("score", "--json", "--file", str(file))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.get("decision") or answer["error"]["field"] for answer in answers][:3] == ["allow", "line", "text"]
    assert answers[3]["decision"] != "allow"
    assert answers[4]["error"]["line"] == 6
    assert done.returncode == 1
    assert "geen json" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["score"], "either a text"),
        (["score", "hoi", "--file", "-"], "either a text"),
        (["score", "hoi", "--bundle", "nergens"], "no such folder"),
        (["serve", "--bundle", "nergens"], "no such folder"),
        (["serve", "--port", "70000"], "70000"),
    ],
)
def test_wrong_use_is_said_without_a_traceback(arguments, message):
    done = vangnet(*arguments, input="")
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_setting_names_its_variable(monkeypatch):
    monkeypatch.setenv("VANGNET_WORKERS", "0")
    done = vangnet("serve")
    assert "VANGNET_WORKERS" in done.stderr
    assert done.returncode == 1


def test_wrong_help_lines_keep_the_server_from_starting(tmp_path, monkeypatch):
    own = tmp_path / "lijnen.toml"
    own.write_text("checked_on = 2026-01-02\n", encoding="utf-8")
    monkeypatch.setenv("VANGNET_HELP_LINES", str(own))
    done = vangnet("serve", "--port", "0")
    assert done.returncode == 1
    assert "lijnen.toml: line: Field required" in done.stderr


@pytest.fixture
def server(tmp_path):
    """A server on a free port, with its output in a file."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    output = tmp_path / "output.txt"
    with output.open("wb") as file:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(
            [*VANGNET, "serve", "--port", str(port)], stdout=file, stderr=subprocess.STDOUT, cwd=ROOT, env=environment
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/ready").status_code == 200:
                break
        except httpx.TransportError:
            assert process.poll() is None, output.read_text(encoding="utf-8")
            time.sleep(0.1)
    yield url, process, output
    process.kill()
    process.wait()


def test_printed_request_works_and_nothing_is_logged(server):
    url, process, output = server
    printed = output.read_text(encoding="utf-8")
    command = re.search(r"curl .*?\}'", printed, re.DOTALL)[0]
    assert url in command
    body = json.loads(re.search(r"-d '(.*)'", command)[1])
    answer = httpx.post(f"{url}/v1/classify", json=body)
    assert answer.json()["decision"] != "allow"
    httpx.post(f"{url}/v1/classify", json={"text": "kanariegeel", "context": [{"role": "kanariegeel"}]})
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) in (0, -signal.SIGTERM)
    assert "kanariegeel" not in output.read_text(encoding="utf-8")


def test_work_of_a_caller_who_hung_up_is_dropped(server):
    """Forty long messages whose callers leave at once: one that stays is answered before forty could have been scored."""
    url, process, output = server
    body = {"text": "lang verhaal over van alles " * 350}
    started = time.monotonic()
    assert httpx.post(f"{url}/v1/classify", json=body, timeout=60).status_code == 200
    alone = time.monotonic() - started
    for _ in range(40):
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{url}/v1/classify", json=body, timeout=httpx.Timeout(10, read=0.005))
    answer = httpx.post(f"{url}/v1/classify", json={"text": "hoi"}, timeout=60)
    assert answer.status_code == 200
    assert answer.json()["timings"]["wait_ms"] < 1000 * 10 * alone
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    assert "unexpected" not in output.read_text(encoding="utf-8")


def test_a_stop_finishes_what_was_accepted(server):
    url, process, _ = server
    body = {"messages": [{"text": f"verhaal {number} over van alles " * 100} for number in range(60)]}
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(httpx.post, f"{url}/v1/classify/batch", json=body, timeout=60)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        answer = asked.result()
    assert all("result" in item for item in answer.json()["results"])
    assert process.wait(20) in (0, -signal.SIGTERM)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/live")
