"""What takes long: run with `make soak`, not with the tests."""

import json
import random
import time
from itertools import islice
from pathlib import Path

import pytest

from tests.serving.random_texts import random_texts, sendable
from tests.serving.test_outages import eventually, stored

pytestmark = pytest.mark.soak
BATCH = 256


def resident(pid):
    """Megabytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1000


def test_a_hundred_thousand_random_texts_end_in_no_500_and_no_growth(running):
    service = running(deadline_ms="60000").start()
    texts = random_texts(100_000, seed=1)
    sizes = []
    with service.client() as client:
        while part := list(islice(texts, BATCH)):
            body = json.dumps({"messages": [{"text": text} for text in part]})
            answer = client.post("/v1/classify/batch", content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 200
            for text, item in zip(part, answer.json()["results"], strict=True):
                assert ("result" in item) == sendable(text), item
            sizes.append(resident(service.pid))
    assert "unexpected" not in service.log.read_text()
    print(f"resident MB: {sizes[0]:.0f} after the first batch, {max(sizes):.0f} at most, {sizes[-1]:.0f} at the end")
    assert sizes[-1] < 1.15 * sizes[len(sizes) // 4]


def test_ten_minutes_with_everything_on_lose_nothing_and_do_not_grow(running, postgresql_url, redis_url):
    from cryptography.fernet import Fernet

    service = running(
        database_url=postgresql_url,
        redis_url=redis_url,
        secrets=Fernet.generate_key().decode(),
        review_storage="text",
        audit_sample="0.01",
        score_log="0.5",
        memory_minutes="5",
        trend_days="5",
    ).start()
    rng = random.Random(2)
    texts = (
        "ik wil niet meer leven",
        "hoe laat eten we?",
        "doe het dan gewoon",
        "bel 113, ik blijf bij je",
        "haha ja",
        "sterkte",
    )
    told, sizes, number = set(), [], 0
    end = time.monotonic() + 600
    with service.client() as client:
        while time.monotonic() < end:
            number += 1
            ids = {
                "message_id": f"m{number}",
                "author_id": f"a{rng.randrange(500)}",
                "conversation_id": f"c{rng.randrange(200)}",
            }
            answer = client.post("/v1/classify", json={"text": rng.choice(texts), "remember": True, **ids})
            assert answer.status_code == 200, answer.text
            assert answer.json()["memory"]["state"] == "on"
            told.add(answer.json().get("review_item"))
            if number % 500 == 0:
                sizes.append(resident(service.pid))
    told.discard(None)
    eventually(lambda: stored(postgresql_url) >= told)
    print(f"{number} messages, {len(told)} flagged; resident MB {sizes[0]:.0f} to {sizes[-1]:.0f}")
    assert sizes[-1] < 1.15 * sizes[len(sizes) // 4]
