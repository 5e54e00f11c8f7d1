"""The benchmark: its arithmetic by hand, its client on a server that stalls, and the whole of it once."""

import asyncio
import json
import os
import threading
import time
from contextlib import contextmanager, suppress
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from classifier import MessageError
from serving.bench import loops
from serving.bench.__main__ import main
from serving.bench.figures import add_over_raw, capacity, over_rounds, percentiles
from serving.bench.loops import arrivals, closed_loop, open_loop
from serving.bench.messages import STRATA, as_requests, calibration_files, in_even_order, mix, read_messages
from serving.bench.processes import NotStarted, cpu_seconds, resident_mb, service, uvicorn
from serving.bench.tables import cell, table

STALL = 0.3


@contextmanager
def server(statuses, stall=0.0):
    """Answers with the given statuses in turn, after the whole server has stood still once; 0 hangs up."""
    waiting, stalls, ready = cycle(statuses), iter([stall]), threading.Event()
    facts = {}

    async def answer(reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
                time.sleep(next(stalls, 0))
                if (status := next(waiting)) == 0:
                    return
                for part in (f"HTTP/1.1 {status} X\r\nContent-", "Length: 2\r\n\r\n", "{}"):
                    writer.write(part.encode())
                    await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async def serve():
        facts["loop"], facts["end"] = asyncio.get_running_loop(), asyncio.Event()
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
            facts["port"] = listening.sockets[0].getsockname()[1]
            ready.set()
            await facts["end"].wait()
            # The client has closed its connections, so everything here comes to its end.
            await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    yield facts["port"]
    facts["loop"].call_soon_threadsafe(facts["end"].set)
    thread.join()


def requests():
    return cycle(as_requests([{"text": "hoi", "context": []}]))


@pytest.mark.parametrize("most", [1, 512])
def test_open_loop_counts_from_the_scheduled_moment(monkeypatch, most):
    """Whoever counts from sending sees one slow answer of the stall; everybody who came during it waited."""
    monkeypatch.setattr(loops, "MOST_CONNECTIONS", most)
    moments = arrivals(200, 0.5, seed=1)
    with server([200], STALL) as port:
        sample = open_loop(port, requests(), moments)
    least = np.sort(np.maximum(STALL - moments, 0))
    assert sample.statuses == {200: len(moments)}
    assert (np.sort(sample.latencies) >= least).all()
    assert sum(least > 0.1) > 30
    assert len(sample.lateness) == len(moments)


def test_open_loop_counts_each_kind_of_answer_and_times_only_those_judged():
    with server([200, 429, 503, 0]) as port:
        sample = open_loop(port, requests(), np.arange(8) / 1000)
    assert sample.statuses == {200: 2, 429: 2, 503: 2, 0: 2}
    assert len(sample.latencies) == 2


def test_closed_loop_has_one_request_a_connection_and_goes_on_after_a_hang_up():
    with server([200, 0, 200, 429]) as port:
        sample = closed_loop(port, requests(), connections=3, seconds=0.2)
    assert sample.statuses.keys() == {200, 0, 429}
    assert len(sample.latencies) == sample.statuses[200]
    assert sum(sample.latencies) <= 3 * sample.seconds


def test_arrivals_are_as_many_as_asked_and_the_same_every_time():
    moments = arrivals(100, 100, seed=3)
    assert abs(len(moments) - 10_000) < 400
    assert moments[0] == 0
    assert moments[-1] < 100
    assert np.std(np.diff(moments)) == pytest.approx(0.01, rel=0.1)  # of a Poisson process: as long as the mean gap
    assert (moments == arrivals(100, 100, seed=3)).all()


def test_figures_by_hand():
    assert percentiles([0.001 * number for number in range(101)]) == pytest.approx(
        {"p50_ms": 50, "p95_ms": 95, "p99_ms": 99, "max_ms": 100}
    )
    assert percentiles([0.001, 0.003])["p50_ms"] == pytest.approx(2)
    assert set(percentiles([]).values()) == {None}
    assert over_rounds([{"x": 3}, {"x": 1}, {"x": 10}, {}], "x") == (1, 3, 10)
    assert over_rounds([{"x": None}], "x") is None


def closed(what, at_once, number, per_second, cpu_ms):
    facts = {"what": what, "at_once": at_once, "round": number, "context": True}
    return facts | {"per_second": per_second, "cpu_ms": cpu_ms}


def test_capacity_and_cost_over_the_model_by_hand():
    records = [closed("raw", 2, number, 300, cpu) for number, cpu in enumerate((4, 8, 4))]
    records += [closed("service", 1, number, rate, 6) for number, rate in enumerate((90, 500, 110))]
    records += [closed("service", 8, number, rate, 6) for number, rate in enumerate((150, 200, 10))]
    records += [closed("naive", 8, 0, 900, 5)]
    assert capacity(records, context=True) == 150
    add_over_raw(records)
    assert [record.get("cpu_over_raw") for record in records] == [None] * 3 + [1.5, 0.75, 1.5] * 2 + [1.25]


def test_tables_by_hand():
    assert [cell(spread) for spread in (None, (2.0, 2.0, 2.0), (0.123, 12.34, 1234.5))] == [
        "–",
        "2",
        "12.3 (0.12–1234)",
    ]
    assert table(["", "ms"], [["a", "1"], ["b", "–"]]) == "|  | ms |\n| --- | ---: |\n| a | 1 |\n| b | – |\n"


def test_each_run_of_messages_has_the_lengths_of_all():
    bodies = [{"text": "x" * length, "context": []} for length in range(1, 10 * STRATA + 1)]
    ordered = in_even_order(bodies)
    assert sorted(len(body["text"]) for body in ordered) == list(range(1, 10 * STRATA + 1))
    for start in range(0, len(ordered), STRATA):
        assert sorted((len(body["text"]) - 1) // 10 for body in ordered[start : start + STRATA]) == list(range(STRATA))
    assert in_even_order(bodies[:5]) == in_even_order(bodies[:5]) != bodies[:5]


def test_default_messages_are_the_calibration_voices():
    bodies = read_messages(calibration_files())
    assert len(bodies) == sum(path.read_text(encoding="utf-8").count("\n") for path in calibration_files())
    assert 0 < mix(bodies)["with_context"] < 1


@pytest.mark.parametrize("line", ["kanariegeel", '["kanariegeel"]', '{"text": 5}', '{"context": []}'])
def test_a_wrong_line_is_named_and_not_repeated(tmp_path, line):
    file = tmp_path / "berichten.jsonl"
    file.write_text('{"text": "hoi"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(MessageError, match=r"berichten\.jsonl:2") as error:
        read_messages([file])
    assert "kanariegeel" not in str(error.value)


def test_own_memory_and_processor_time_are_read():
    before = time.process_time()
    sum(range(3_000_000))
    assert before - 0.05 <= cpu_seconds(os.getpid()) <= time.process_time() + 0.05
    held = resident_mb(os.getpid())
    more = np.ones(10_000_000)
    assert 60 < resident_mb(os.getpid()) - held < 100
    assert more.size


def test_a_server_is_ended_whatever_happens(bundle_folder, tmp_path, capfd):
    with suppress(RuntimeError), uvicorn("empty", bundle_folder) as empty:
        assert Path(f"/proc/{empty.process}").exists()
        raise RuntimeError("halfway")
    assert not Path(f"/proc/{empty.process}").exists()
    with pytest.raises(NotStarted), service(tmp_path / "nergens"):
        pass
    assert "no such folder" in capfd.readouterr().err


def test_the_whole_yields_every_row(bundle_folder, tmp_path):
    file = tmp_path / "berichten.jsonl"
    turns = [{"role": "peer", "text": "hoe is het"}]
    lines = [{"text": "hoi"}, {"text": "gaat wel", "context": turns}, {"text": "ik wil niet meer leven", "context": []}]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    short = ["--rounds", "1", "--seconds", "0.1", "--overload-seconds", "0.3"]
    out = tmp_path / "bench"
    done = CliRunner().invoke(
        main,
        [*short, "--messages", str(file), "--out", str(out), "--bundle", str(bundle_folder)],
        catch_exceptions=False,
    )
    assert done.exit_code == 0, done.stderr
    report = (out / "bench.md").read_text(encoding="utf-8")
    assert report.strip() == done.stdout.strip()
    rows = [[part.strip() for part in line.strip("|").split("|")] for line in report.splitlines() if "|" in line]
    results = json.loads((out / "bench.json").read_text(encoding="utf-8"))
    threads = str(results["options"]["threads"])
    judged = [["model alone", threads]]
    judged += [[name, number] for name in ("Vangnet", "naive FastAPI") for number in ("1", "8", "32")]
    closed_rows = [*judged, ["empty FastAPI", "32"], *judged]
    names = [row[:2] for row in rows if row[0] and row[0] != "---"]
    assert names[: len(closed_rows)] == closed_rows
    assert [row[0] for row in names[len(closed_rows) :]] == [
        "without context",
        "with context",
        "Vangnet",
        "Vangnet",
        "naive FastAPI",
        "empty FastAPI",
    ]
    for row in rows:
        # Only the model alone and the empty endpoint lack figures: those that they cannot have.
        assert row[0] in ("model alone", "empty FastAPI") or "–" not in row
        assert row[0] in ("", "---", "model alone", "with context", "without context") or float(row[2].split()[0]) > 0
    assert all(record.get("not_200", 0) == 0 for record in results["closed"])
    assert sum(share for name, share in results["overload"].items() if name.startswith("share_")) == pytest.approx(1)
    assert (out / "bench.png").stat().st_size > 10_000
    assert "gaat wel" not in done.output
