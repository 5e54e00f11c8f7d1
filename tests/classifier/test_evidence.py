import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier import Message, Role, Turn
from classifier.answer import judge
from classifier.evidence import MOST_PARTS, evidence, occlusion

IDEATION = "self_harm/ideation"


def test_the_words_that_say_it_carry_the_score(classifier):
    text = "de bus was te laat en het regende. ik wil dood. morgen weer school"
    spans = evidence(classifier, Message(text), [IDEATION])[IDEATION]
    assert any("dood" in text[span.start : span.end] for span in spans)
    assert all(span.weight > 0 for span in spans)
    assert sum(span.end - span.start for span in spans) < len(text) / 2


def test_spans_are_code_points_of_the_text_as_sent(classifier):
    text = "😭😭  IK   WIL DOOD\n"
    [span] = evidence(classifier, Message(text), [IDEATION])[IDEATION]
    assert "DOOD" in text[span.start : span.end]


def test_one_word_may_carry_all_of_it(classifier):
    message = Message("ja", (Turn(Role.PEER, "wil je dood?"),))
    [part] = occlusion(classifier, message, [IDEATION])[IDEATION]
    assert (part.start, part.end) == (0, 2)


def test_labels_are_explained_together_as_one_by_one(classifier):
    message, labels = Message("als jij weggaat wil ik dood"), [IDEATION, "peer_influence/coercion"]
    together = occlusion(classifier, message, labels)
    assert together == {label: occlusion(classifier, message, [label])[label] for label in labels}
    assert together[labels[0]] != together[labels[1]]


def test_a_long_message_is_taken_apart_in_runs(classifier):
    parts = occlusion(classifier, Message("woord " * 300), [IDEATION])[IDEATION]
    assert 0 < len(parts) <= MOST_PARTS
    assert (parts[0].start, parts[-1].end) == (0, 300 * 6 - 1)


def test_reasons_show_evidence_only_on_request(classifier):
    message = Message("ik wil niet meer leven")
    assert all("evidence" not in reason for reason in judge(classifier, message)["reasons"])
    explained = judge(classifier, message, explain=True)
    assert explained["reasons"]
    assert all(reason["evidence"] for reason in explained["reasons"])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=60).filter(lambda text: not any("\ud800" <= sign <= "\udfff" for sign in text)))
def test_any_text_gives_ordered_parts_without_overlap(classifier, text):
    parts = occlusion(classifier, Message(text), [IDEATION])[IDEATION]
    assert "".join(text[part.start : part.end] for part in parts) == "".join(text.split())
    assert all(first.end <= second.start for first, second in itertools.pairwise(parts))


@pytest.mark.parametrize("text", [" ", "\n\t"])
def test_a_text_without_words_has_no_evidence(classifier, text):
    assert evidence(classifier, Message(text), [IDEATION]) == {IDEATION: []}


def test_out_of_time_the_decision_comes_without_evidence(classifier):
    message = Message("ik wil niet meer leven")
    hurried = judge(classifier, message, explain=True, until=0.0)
    assert hurried == judge(classifier, message)
    assert hurried["decision"] != "allow"
    assert "evidence" in judge(classifier, message, explain=True)["reasons"][0]
