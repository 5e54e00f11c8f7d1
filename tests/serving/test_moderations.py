"""The official `openai` client against a running service."""

import openai
import pytest

from classifier.labels import LABEL_NAMES
from serving.moderations import FILLED, UNJUDGED
from tests.serving.conftest import Running

CANARY = "kanarie-zeven-wolken"
RISKY = "ik wil gewoon niet meer wakker worden"
SAFE = "Hoe laat begint de training vanavond?"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    made = Running(tmp_path_factory.mktemp("service"), deadline_ms="60000", log_level="info")
    yield made.start()
    made.stop()


@pytest.fixture(scope="module")
def client(service):
    return openai.OpenAI(base_url=f"{service.url}/v1", api_key=service.key, max_retries=0)


def native(service, text):
    with service.client() as client:
        return client.post("/v1/classify", json={"text": text}).json()


def test_one_text_has_the_scores_of_the_own_endpoint(service, client):
    answer = client.moderations.create(input=RISKY, model="omni-moderation-latest")
    own = native(service, RISKY)
    assert answer.model == own["versions"]["model"]
    (result,) = answer.results
    assert result.flagged
    assert result.categories.self_harm
    scores = result.category_scores.to_dict()
    labels = {name: label["score"] for name, label in own["labels"].items()}
    assert {name: scores[name] for name in LABEL_NAMES} == labels
    for name, of in FILLED.items():
        assert scores[name] == max(labels[label] for label in of)
    reached = {reason["label"] for reason in own["reasons"]}
    categories = result.categories.to_dict()
    assert {name for name in LABEL_NAMES if categories[name]} == reached
    assert reached <= set(FILLED["self-harm/intent"])
    assert (categories["self-harm/intent"], categories["self-harm/instructions"]) == (True, False)
    assert (result.decision, result.severity) == (own["decision"], own["severity"])


def test_what_is_not_judged_says_so(client):
    (result,) = client.moderations.create(input="ik haat jullie allemaal, stelletje prutsers").results
    for name in UNJUDGED:
        assert result.categories.to_dict()[name] is False
        assert result.category_scores.to_dict()[name] == 0
        assert result.category_applied_input_types.to_dict()[name] == []
    assert result.category_applied_input_types.self_harm == ["text"]


def test_safe_text_is_not_flagged(client):
    (result,) = client.moderations.create(input=SAFE).results
    assert not result.flagged
    assert not any(result.categories.to_dict().values())


def test_list_keeps_its_order(client):
    results = client.moderations.create(input=[SAFE, RISKY, SAFE]).results
    assert [result.flagged for result in results] == [False, True, False]


def test_parts_are_one_message(service, client):
    parts = [{"type": "text", "text": "ik wil gewoon niet meer"}, {"type": "text", "text": "wakker worden"}]
    (result,) = client.moderations.create(input=parts).results
    own = native(service, "ik wil gewoon niet meer\nwakker worden")
    assert result.category_scores.to_dict()["self_harm/ideation"] == own["labels"]["self_harm/ideation"]["score"]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ([{"type": "image_url", "image_url": {"url": "https://voorbeeld.nl/a.png"}}], "images cannot be judged"),
        ("", "at least 1 character"),
        ("a" * 10_001, "at most 10000 characters"),
        ([], "at least 1 item"),
        ([SAFE] * 257, "at most 256 items"),
        ([{"type": "text", "text": "a" * 6000}] * 2, "all parts together should have at most 10000"),
        ([SAFE, {"type": "text", "text": SAFE}], "must be a text, a list of texts, or a list of text parts"),
        (7, "must be a text"),
        ([CANARY, ""], "input"),
    ],
)
def test_wrong_input_is_refused_in_openai_words(client, given, named):
    with pytest.raises(openai.BadRequestError) as caught:
        client.moderations.create(input=given)
    assert named in caught.value.body["message"]
    assert caught.value.type == "invalid_request_error"
    assert CANARY not in str(caught.value.body)


def test_unknown_key_and_full_service_are_its_own_exceptions(service):
    stranger = openai.OpenAI(base_url=f"{service.url}/v1", api_key="vgn_onbekend", max_retries=0)
    with pytest.raises(openai.AuthenticationError) as caught:
        stranger.moderations.create(input=SAFE)
    assert caught.value.code == "invalid_api_key"
    seldom = openai.OpenAI(base_url=f"{service.url}/v1", api_key=service.make_key("seldom", "1/hour"), max_retries=0)
    service.make_key()  # the service's own again
    wait_until_known(seldom)
    with pytest.raises(openai.RateLimitError) as refused:
        seldom.moderations.create(input=SAFE)
    assert int(refused.value.response.headers["Retry-After"]) > 1


def wait_until_known(client):
    """The service notices a new key within two seconds; then its only message is used up."""
    while True:
        try:
            client.moderations.create(input=SAFE)
            return
        except openai.AuthenticationError:
            continue


def test_without_any_key_any_key_will_do(tmp_path_factory):
    made = Running(tmp_path_factory.mktemp("keyless"), deadline_ms="60000")
    made.key = "sk-van-een-ander"  # so that none is made
    made.start()
    try:
        client = openai.OpenAI(base_url=f"{made.url}/v1", api_key=made.key, max_retries=0)
        assert client.moderations.create(input=SAFE).results
        with made.client() as own:
            assert own.post("/v1/classify", json={"text": SAFE}).status_code == 401
    finally:
        made.stop()
