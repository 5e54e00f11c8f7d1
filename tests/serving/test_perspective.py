"""Requests as the Perspective API's documentation gives them, against a running service."""

import httpx
import pytest

from classifier.labels import LABEL_NAMES
from serving.perspective import ATTRIBUTES, MAX_SPANS, _spans
from tests.serving.conftest import Running

RISKY = "ik wil gewoon niet meer wakker worden"
SAFE = "Hoe laat begint de training vanavond?"
PATH = "/v1alpha1/comments:analyze"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    made = Running(
        tmp_path_factory.mktemp("service"),
        deadline_ms="60000",
        log_level="info",
        review_storage="ids",
        audit_sample="1",
    )
    yield made.start()
    made.stop()


@pytest.fixture(scope="module")
def asked(service):
    with httpx.Client(base_url=service.url, timeout=60) as client:
        yield lambda body, key=None: client.post(PATH, params={"key": key or service.key}, json=body)


def comment(text=RISKY, **more):
    return {"comment": {"text": text}, "requestedAttributes": {"SELF_HARM": {}}} | more


def native(service, **body):
    with service.client() as client:
        return client.post("/v1/classify", json=body).json()


def test_every_area_and_label_is_an_attribute(service, asked):
    answer = asked(
        {
            "comment": {"text": RISKY, "type": "PLAIN_TEXT"},
            "languages": ["nl"],
            "requestedAttributes": {name: {"scoreType": "PROBABILITY", "scoreThreshold": 0} for name in ATTRIBUTES},
            "doNotStore": True,
            "clientToken": "client-1",
            "sessionId": "sessie-1",
            "communityId": "forum",
        }
    )
    assert answer.status_code == 200
    body = answer.json()
    assert (body["languages"], body["clientToken"]) == (["nl"], "client-1")
    own = native(service, text=RISKY)
    expected = own["areas"] | {name: label["score"] for name, label in own["labels"].items()}
    found = {ATTRIBUTES[name]: one["summaryScore"]["value"] for name, one in body["attributeScores"].items()}
    assert found == expected
    assert len(found) == 2 + len(LABEL_NAMES)
    for one in body["attributeScores"].values():
        assert one["summaryScore"]["type"] == "PROBABILITY"
        assert one["spanScores"] == [{"begin": 0, "end": len(RISKY), "score": one["summaryScore"]}]


def test_each_sentence_is_scored_alone(service, asked):
    text = f"  {SAFE} 🙂 {RISKY}.\n\nDoei!"
    body = asked(comment(text, spanAnnotations=True)).json()
    spans = body["attributeScores"]["SELF_HARM"]["spanScores"]
    parts = [text[span["begin"] : span["end"]] for span in spans]
    assert parts == [SAFE, f"🙂 {RISKY}.", "Doei!"]
    assert [span["score"]["value"] for span in spans] == [
        native(service, text=part)["areas"]["self_harm"] for part in parts
    ]
    assert max(spans, key=lambda span: span["score"]["value"]) is spans[1]


def test_spans_cover_the_text_and_are_bounded():
    for text in ("", "...", "a", "a. " * 500, "hoi\n" * 33, "🙂!" * 70 + " x"):
        spans = list(_spans(text))
        assert len(spans) <= MAX_SPANS
        covered = "".join(text[begin:end] for begin, end in spans)
        assert "".join(covered.split()) == "".join(text.split())


def test_context_counts(service, asked):
    before = [{"text": "wat is er nou weer"}, {"text": "ik wil er echt niet meer zijn", "type": "PLAIN_TEXT"}]
    asks = {"PEER_INFLUENCE_INCITEMENT": {}}
    found = asked(comment("doe het dan gewoon", context={"entries": before}, requestedAttributes=asks)).json()
    turns = [{"role": "peer", "text": entry["text"]} for entry in before]
    own = native(service, text="doe het dan gewoon", context=turns)["labels"]["peer_influence/incitement"]["score"]
    assert found["attributeScores"]["PEER_INFLUENCE_INCITEMENT"]["summaryScore"]["value"] == own
    assert own != native(service, text="doe het dan gewoon")["labels"]["peer_influence/incitement"]["score"]
    article = {"articleAndParentComment": {"article": {"text": "nieuws"}, "parentComment": before[1]}}
    parent = asked(comment("doe het dan gewoon", context=article, requestedAttributes=asks)).json()
    alone = native(service, text="doe het dan gewoon", context=turns[1:])["labels"]["peer_influence/incitement"][
        "score"
    ]
    assert parent["attributeScores"]["PEER_INFLUENCE_INCITEMENT"]["summaryScore"]["value"] == alone


def test_scores_under_the_threshold_are_left_out(asked):
    asks = {"SELF_HARM": {"scoreThreshold": 1.0}, "PEER_INFLUENCE": {"scoreThreshold": 0}}
    assert set(asked(comment(SAFE, requestedAttributes=asks)).json()["attributeScores"]) == {"PEER_INFLUENCE"}


def test_what_may_not_be_stored_is_not(service, asked):
    def stored():
        with service.client() as client:
            lines = client.get("/metrics").text.splitlines()
        return sum(
            float(line.split()[-1]) for line in lines if line.startswith('vangnet_reviews_total{outcome="stored"}')
        )

    before = stored()
    assert asked(comment(doNotStore=True)).status_code == 200
    assert stored() == before
    assert asked(comment()).status_code == 200
    assert stored() == before + 1


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (comment(requestedAttributes={"TOXICITY": {}}), "attribute TOXICITY is not judged"),
        (comment(requestedAttributes={"SELF_HARM": {}, "ik wil dood": {}}), "attribute (another) is not judged"),
        (comment(requestedAttributes={}), "requestedAttributes"),
        ({"comment": {"text": SAFE}}, "requestedAttributes"),
        (comment(""), "comment.text"),
        (comment("a" * 10_001), "at most 10000 characters"),
        ({"comment": {"text": SAFE, "type": "HTML"}, "requestedAttributes": {"SELF_HARM": {}}}, "comment.type"),
        (comment(languages=["en"]), "only Dutch (nl)"),
        (comment(requestedAttributes={"SELF_HARM": {"scoreType": "PERCENTILE"}}), "scoreType"),
        (comment(context={"entries": [{"text": SAFE}] * 257}), "at most 256 items"),
        (comment(onbekend=1), "is not a field"),
    ],
)
def test_wrong_requests_get_a_400_in_google_words(asked, body, named):
    answer = asked(body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert named in error["message"]
    assert "ik wil dood" not in answer.text


def test_dutch_of_belgium_is_dutch(asked):
    assert asked(comment(languages=["en", "nl-BE"])).status_code == 200


def test_key_in_the_query_is_needed_and_never_logged(service, asked):
    answer = asked(comment(), key="vgn_geheim_in_de_query")
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    log = service.log.read_text()
    assert PATH in log
    assert "geheim" not in log
    assert service.key not in log


def test_sentences_count_against_the_rate(service, asked):
    own = service.key
    seldom = service.make_key("zelden", "4/hour")
    service.key = own
    three = comment(f"{SAFE} {RISKY}. Doei!", spanAnnotations=True)
    while (first := asked(three, key=seldom)).status_code == 401:  # until the new key is noticed
        pass
    assert first.status_code == 200
    refused = asked(comment(), key=seldom)
    assert (refused.status_code, refused.json()["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
    too_many = comment("a. " * 5, spanAnnotations=True)
    assert "the key allows" in asked(too_many, key=seldom).json()["error"]["message"]
