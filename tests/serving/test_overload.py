import asyncio

import pytest

from serving.overload import ROUTE, Overload


async def reached(scope, receive, send):
    await send({"type": "reached"})


@pytest.mark.parametrize(
    ("path", "full", "expected"), [(ROUTE, True, 429), (ROUTE, False, None), ("/v1/classify/batch", True, None)]
)
def test_a_full_service_refuses_messages_before_their_body_is_read(path, full, expected):
    sent, refused = [], []

    async def receive():
        raise AssertionError("the body was read")

    async def send(message):
        sent.append(message)

    guard = Overload(reached, lambda: full, lambda: refused.append(path))
    for _ in range(2):
        asyncio.run(guard({"type": "http", "path": path, "headers": []}, receive, send))
    if expected is None:
        assert [message["type"] for message in sent] == ["reached", "reached"]
        assert not refused
    else:
        assert [message["status"] for message in sent[::2]] == [expected, expected]
        assert (b"retry-after", b"1") in sent[0]["headers"]
        assert len(refused) == 2
