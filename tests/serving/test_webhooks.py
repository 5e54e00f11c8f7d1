"""Webhooks against real receivers: signed, at least once, never lost, and no target harms another."""

import base64
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner
from pydantic import SecretStr
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from classifier import Message
from classifier.answer import judge
from serving.cli import main
from serving.database import Database
from serving.forwarding import Forwarding
from serving.reviews import Origin, Reviews, Storage
from serving.sealing import Sealing
from serving.settings import Settings
from serving.spool import Spool
from serving.tables import WebhookEvent
from serving.webhooks import ATTEMPTS, FIRST_PAUSE, LONGEST_PAUSE, Delivery, WebhookError, counts, replay

SECRET = "een gedeeld geheim van lengte"
CANARY = "kanariegeel"


class Receiver(ThreadingHTTPServer):
    """Keeps what it gets and answers with a status of choice."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/haak"
        self.got, self.paths, self.status = [], [], 200
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def ids(self):
        return [headers["webhook-id"] for headers, _ in self.got]

    def close(self):
        self.shutdown()
        self.server_close()
        self._thread.join()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((dict(self.headers.items()), body))
        self.server.paths.append(self.path)
        self.send_response(self.server.status)
        self.send_header("location", "/elders")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Clock:
    def __init__(self):
        self.now = datetime.now(UTC) + timedelta(minutes=1)  # ahead of events that are made now

    def __call__(self):
        return self.now


@pytest.fixture
def receiver():
    with closing(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def put(tmp_path, classifier, database):
    """Brings flagged messages with their events into the database; gives the items' ids."""
    message = Message(f"ik wil niet meer leven, {CANARY}")
    answer = judge(classifier, message, explain=True)

    def put(targets, count=1):
        with closing(Spool(tmp_path / "spool.db", 8)) as spool:
            reviews = Reviews(spool, Storage.TEXT, Sealing.ephemeral(), 0.0)
            origins = [Origin("school", f"m-{number}", 0, "klas", "noor") for number in range(count)]
            for origin in origins:
                reviews.put(origin.item_id(), origin, message, answer, 1.0)
            Forwarding(spool, database, targets).run()
        return [origin.item_id() for origin in origins]

    return put


def delivering(database, url, clock=None):
    return closing(Delivery(database, url, SECRET, clock or Clock()))


def address(database):
    return database.engine.url.render_as_string(hide_password=False)


def events(database):
    with database.session() as session:
        found = session.scalars(select(WebhookEvent)).all()
        session.expunge_all()
    return found


def test_events_are_signed_as_standard_webhooks_hold_no_text_and_follow_no_redirect(database, put, receiver):
    [item] = put([receiver.url])
    clock, receiver.status = Clock(), 307
    with delivering(database, receiver.url, clock) as delivery:
        assert delivery.run() == 0
        [event] = events(database)
        assert (event.state, event.last_problem, receiver.paths) == ("due", "status 307", ["/haak"])
        receiver.status, clock.now = 200, event.due_at
        assert (delivery.run(), delivery.run()) == (1, 0)
    headers, body = receiver.got[-1]
    verifier = Webhook(base64.b64encode(SECRET.encode()).decode())
    told = verifier.verify(body, headers)
    for by, broken in (
        (verifier, body.replace(b"review", b"allow!")),
        (verifier, body + b" "),
        (Webhook(base64.b64encode(b"x" * 24).decode()), body),
    ):
        with pytest.raises(WebhookVerificationError):
            by.verify(broken, headers)
    assert told["type"] == "message.review"
    assert datetime.fromisoformat(told["timestamp"]).utcoffset() == timedelta(0)
    assert told["data"] | {"item_id": item, "message_id": "m-0", "author_id": "noor"} == told["data"]
    assert CANARY not in body.decode()
    assert "evidence" not in body.decode()
    with pytest.raises(WebhookError, match="VANGNET_WEBHOOK_SECRET"):
        Delivery(database, receiver.url, "te kort")


def test_a_receiver_that_is_down_gets_each_event_once_later_and_pauses_grow_to_an_hour(database, put, receiver):
    clock, pauses = Clock(), []
    items = put([receiver.url], 3)
    receiver.status = 503
    with delivering(database, receiver.url, clock) as delivery:
        for attempt in range(1, ATTEMPTS - 1):
            assert delivery.run() == 0
            found = events(database)
            assert {(event.state, event.attempts, event.last_problem) for event in found} == {
                ("due", attempt, "status 503")
            }
            due = max(event.due_at for event in found)
            pauses.append((due - clock.now) / min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE))
            sent = len(receiver.got)
            clock.now = min(event.due_at for event in found) - timedelta(milliseconds=1)
            assert delivery.run() == 0  # nothing before its time
            assert len(receiver.got) == sent
            clock.now = due
        assert all(0.9 <= pause <= 1.1 for pause in pauses)
        assert len(set(pauses)) > len(pauses) / 2
        receiver.status, receiver.got = 204, []
        assert (delivery.run(), delivery.run()) == (3, 0)
    assert sorted(receiver.ids) == sorted(items)
    assert {(event.state, event.last_problem) for event in events(database)} == {("delivered", None)}


def test_an_event_that_is_given_up_is_shown_and_sent_when_asked(database, put, receiver, monkeypatch, caplog, tmp_path):
    clock = Clock()
    gone, _ = put([receiver.url], 2)
    receiver.status = 500
    with delivering(database, receiver.url, clock) as delivery:
        for _ in range(ATTEMPTS + 3):
            delivery.run()
            clock.now += timedelta(hours=2)
        assert len(receiver.got) == 2 * ATTEMPTS
        pauses = (min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE) for attempt in range(ATTEMPTS - 1))
        assert timedelta(hours=20) < sum(pauses, timedelta(0)) < timedelta(hours=30)  # "about a day"
        assert counts(database) == {"dead": 2}
        assert "dead letter" in caplog.text
        monkeypatch.setenv("VANGNET_DATABASE_URL", address(database))
        monkeypatch.setenv("VANGNET_DATA", str(tmp_path))
        shown = CliRunner().invoke(main, ["webhooks", "dead"])
        assert shown.exit_code == 0
        assert gone in shown.stdout  # whole, as it is what `replay --item` takes
        assert "500" in shown.stdout
        receiver.status, receiver.got = 200, []
        assert "1 events" in CliRunner().invoke(main, ["webhooks", "replay", "--item", gone]).stdout
        assert (delivery.run(), receiver.ids) == (1, [gone])
        assert "1 events" in CliRunner().invoke(main, ["webhooks", "replay"]).stdout
        assert delivery.run() == 1
        assert replay(database) == 0
        assert replay(database, gone) == 1  # also one that was delivered
        assert delivery.run() == 1
    assert counts(database) == {"delivered": 2}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_replicas_together_send_each_event_once(database, put, receiver):
    items = put([receiver.url], 60)
    with (
        closing(Database(address(database))) as other,
        delivering(database, receiver.url) as one,
        delivering(other, receiver.url) as two,
        ThreadPoolExecutor(2) as pool,
    ):
        sent = [pool.submit(delivery.run) for delivery in (one, two)]
        assert sum(each.result() for each in sent) == 60
    assert Counter(receiver.ids) == Counter(items)


def test_what_was_claimed_by_one_who_was_killed_is_sent_after_the_lease(database, put, receiver):
    items, clock = put([receiver.url], 2), Clock()
    with delivering(database, receiver.url, clock) as killed, delivering(database, receiver.url, clock) as other:
        assert len(killed._claim()) == 2
        assert (other.run(), receiver.got) == (0, [])
        clock.now += timedelta(minutes=10)
        assert other.run() == 2
    assert sorted(receiver.ids) == sorted(items)


def test_a_dead_target_holds_up_no_other(database, put, receiver):
    with closing(Receiver()) as other:
        dead = other.url
    items, clock = put([dead, receiver.url], 25), Clock()
    with delivering(database, dead, clock) as nobody, delivering(database, receiver.url, clock) as delivery:
        assert nobody.run() == 0
        assert delivery.run() == 25
        assert Counter(receiver.ids) == Counter(items)
        assert counts(database) == {"due": 25, "delivered": 25}
        assert {event.last_problem for event in events(database) if event.target == dead} == {"ConnectError"}


@pytest.mark.parametrize("url", ["http://[::1", "https://", "http://een.nl:99999/", "ftp://een.nl"])
def test_an_address_that_cannot_be_used_is_refused_at_the_start(url):
    with pytest.raises(ValueError, match="webhook_urls"):
        Settings(webhook_urls=url, webhook_secret=SecretStr(SECRET), review_storage="ids")
