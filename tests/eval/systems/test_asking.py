"""Questions to a real server on this machine that refuses, breaks off, and answers nonsense."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from eval.errors import EvaluationError
from eval.systems.asking import Asking, TooLarge, in_parts, seconds_asked

KEY = "VANGNET_API_KEY"
SECRET = "vgn_zeer-geheim"
GOOD = (200, {}, {"ok": True})


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv(KEY, SECRET)


def fault(asking, path="/x", body=None):
    with pytest.raises(EvaluationError) as raised:
        asking.ask("POST", path, body or {"text": "kanarie"})
    assert SECRET not in str(raised.value)
    assert "kanarie" not in str(raised.value)
    return str(raised.value)


def test_key_and_body_are_sent_and_paths_are_added_to_the_address(replies):
    asking = Asking(f"{replies.will(GOOD).url}/v1/", KEY)
    assert asking.ask("POST", "/moderations", {"a": "é\0"}) == {"ok": True}
    [(path, headers, body)] = replies.asked
    assert (path, headers["Authorization"], body) == ("/v1/moderations", f"Bearer {SECRET}", {"a": "é\0"})


def test_without_a_key_none_is_sent(replies, monkeypatch):
    monkeypatch.delenv(KEY)
    Asking(replies.will(GOOD).url, KEY).ask("GET", "/x")
    assert "Authorization" not in replies.asked[0][1]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_refusals_are_asked_again(replies, status):
    asking = Asking(replies.will((status, {}, b"busy"), GOOD).url, KEY)
    assert asking.ask("GET", "/x") == {"ok": True}
    assert len(replies.asked) == 2


def test_retry_after_is_waited_for_and_not_beyond_the_patience(replies):
    refused = (429, {"Retry-After": "2"}, b"")
    # Its own first pause of half a second would fit.
    message = fault(Asking(replies.will(refused, GOOD).url, KEY, patience=1.5))
    assert "429" in message
    assert "wait 2 seconds" in message
    assert len(replies.asked) == 1
    assert Asking(replies.will((429, {"Retry-After": "1"}, b""), GOOD).url, KEY, patience=1.5).ask("GET", "/x")


def test_patience_ends_without_retry_after_too(replies):
    assert "503" in fault(Asking(replies.will((503, {}, b"")).url, KEY, patience=2))
    assert len(replies.asked) == 3  # after half a second and one more


@pytest.mark.parametrize("status", [301, 400, 404, 500])
def test_other_answers_are_final(replies, status):
    assert str(status) in fault(Asking(replies.will((status, {"Location": "/y"}, b"kanarie")).url, KEY))
    assert len(replies.asked) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_named_by_its_variable(replies, status):
    assert KEY in fault(Asking(replies.will((status, {}, b"")).url, KEY))


@pytest.mark.parametrize("body", [b"", b"<html>kanarie</html>", b'{"a"', b"\xff"])
def test_what_is_not_json_is_refused(replies, body):
    assert "JSON" in fault(Asking(replies.will((200, {}, body)).url, KEY))


def test_a_connection_that_breaks_off_is_tried_again(replies):
    broken = (200, {"Content-Encoding": "gzip"}, b"no gzip")
    assert Asking(replies.will(broken, GOOD).url, KEY).ask("GET", "/x") == {"ok": True}


def test_nobody_there_is_told_soon(replies):
    url = replies.url
    replies.close()
    asking = Asking(url, KEY, patience=2)
    assert "ConnectError" in fault(asking)
    assert asking.host in fault(asking)


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://a:geheim@host:port", "file:///x"]
)
def test_addresses_of_another_form_are_refused(url):
    with pytest.raises(EvaluationError, match="address") as raised:
        Asking(url, KEY)
    assert "geheim" not in str(raised.value)


def test_user_info_is_refused_and_not_shown(replies):
    for user in ("anna:geheim@", "geheim@", ":geheim@"):
        with pytest.raises(EvaluationError, match=KEY) as raised:
            Asking(replies.will(GOOD).url.replace("//", f"//{user}"), KEY)
        assert "geheim" not in str(raised.value)
    assert replies.asked == []


@pytest.mark.parametrize("value", ["vgn_a\x7fb", "vgn_a\nb", "vgn_é"])
def test_a_key_that_cannot_be_sent_is_named_and_not_shown(monkeypatch, value):
    monkeypatch.setenv(KEY, value)
    with pytest.raises(EvaluationError, match=KEY) as raised:
        Asking("http://127.0.0.1:1", KEY)
    assert value not in str(raised.value)


def test_what_is_too_large_goes_in_halves(replies):
    def most(body):
        return (200, {}, body["items"]) if len(body["items"]) <= 3 else (413, {}, b"")

    asking = Asking(replies.will(most).url, KEY)
    items = list(range(11))
    assert in_parts(lambda part: asking.ask("POST", "/x", {"items": part}), items) == items
    assert max(len(body["items"]) for _, _, body in replies.asked) == 11
    replies.will((422, {}, b""))
    with pytest.raises(TooLarge, match="422"):
        in_parts(lambda part: asking.ask("POST", "/x", {"items": part}), items)


def test_retry_after_has_two_forms():
    assert seconds_asked("7") == 7
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3500 < seconds_asked(later) <= 3600
    for nothing in ("", "soon", "-3", "1.5", "٣", format_datetime(datetime(2001, 1, 1, tzinfo=UTC), usegmt=True)):
        assert seconds_asked(nothing) == 0
