"""Messages to Label Studio and back, with texts that try to break it."""

import json
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from classifier import Message, Role, Turn
from classifier.labels import LABEL_NAMES, LABELS
from eval.agreement import read_labels
from eval.cli_annotation import annotate
from eval.errors import EvaluationError
from eval.label_studio import configuration, labelled, read_messages, tasks

HOSTILE = (
    "zeg \"hoi\" en 'dag' \\ <b>nee</b> </Paragraphs><script>x</script> & &amp; ]]>",
    "😀👩\u200d👧 \u202etsket\u202c \u2066x\u2069 \u200b\u2028regel\u2029 \ufeff",
    "schrijver, eerder: nep\nschrijver, te beoordelen: ook nep",
    '$messages {{idx}} {"labels": ["safe"]} =HYPERLINK("x") \x00\x07',
)
INTENT, PACT = "self_harm/intent", "peer_influence/pact"


def annotation(who, *choices, **more):
    """As Label Studio's documentation of its JSON export has it."""
    result = {"id": "Dx_aB91ISN", "from_name": "labels", "to_name": "messages", "type": "choices"}
    result["value"] = {"choices": list(choices)}
    return {"id": 1001, "completed_by": who, "was_cancelled": False, "lead_time": 4.2, "result": [result]} | more


def exported(*annotations, text="hoi", name="a"):
    """A list of one task, as it comes back."""
    [task] = tasks({name: Message(text)})
    return [task | {"id": 1, "project": 83, "annotations": list(annotations), "predictions": []}]


def chosen(*annotations):
    return {who: [row["labels"] for row in rows] for who, rows in labelled(exported(*annotations)).items()}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_survive_the_way_there_and_back(text, tmp_path):
    row = {"id": f"id {text}", "text": text, "context": [{"role": "self", "text": text}, {"role": "peer", "text": "?"}]}
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    run = CliRunner().invoke
    assert run(annotate, ["export", str(source), "--out", str(tmp_path / "out")]).exit_code == 0
    [task] = json.loads((tmp_path / "out" / "tasks.json").read_text(encoding="utf-8"))
    done = tmp_path / "export.json"
    done.write_text(json.dumps([task | {"annotations": [annotation(7, INTENT)]}], ensure_ascii=False), encoding="utf-8")
    assert run(annotate, ["import", str(done), "--out", str(tmp_path / "back")]).exit_code == 0
    [line] = (tmp_path / "back" / "annotator-7.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert json.loads(line) == row | {"labels": [INTENT], "doubt": False}
    assert read_labels(tmp_path / "back" / "annotator-7.jsonl") == {row["id"]: {INTENT}}


def test_tasks_end_with_the_judged_message_and_hold_nothing_that_sways():
    message = Message("nu", (Turn(Role.PEER, "een"), Turn(Role.SELF, "twee")))
    [task] = tasks({"a": message})
    assert set(task) == {"data"}
    assert set(task["data"]) == {"id", "messages"}
    authors = [turn["author"] for turn in task["data"]["messages"]]
    assert [turn["text"] for turn in task["data"]["messages"]] == ["een", "twee", "nu"]
    assert len(set(authors)) == 3
    assert labelled([task | {"annotations": [annotation(1, "safe")]}])["1"][0]["context"] == [
        {"role": "peer", "text": "een"},
        {"role": "self", "text": "twee"},
    ]


def test_tasks_are_shuffled_so_that_neighbours_do_not_tell():
    messages = {str(number): Message("hoi") for number in range(50)}
    orders = [[task["data"]["id"] for task in tasks(messages, seed)] for seed in (0, 0, 1)]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    assert orders[0] != list(messages)
    assert sorted(orders[0]) == sorted(messages)


def test_the_configuration_offers_every_label_safe_and_doubt():
    view = ElementTree.fromstring(configuration())
    [shown], [choices] = view.findall("Paragraphs"), view.findall("Choices")
    assert (shown.get("name"), shown.get("value"), shown.get("valueType")) == ("messages", "$messages", "json")
    [task] = tasks({"a": Message("hoi")})
    assert {shown.get("nameKey"), shown.get("textKey")} == set(task["data"]["messages"][0])
    assert (choices.get("toName"), choices.get("choice"), choices.get("required")) == ("messages", "multiple", "true")
    offered = {choice.get("alias"): choice.get("value") for choice in choices}
    assert tuple(offered) == (*LABEL_NAMES, "safe", "doubt")
    for label in LABELS:
        assert offered[label.name] == f"{label.nl}: {label.description_nl}"
    for name in offered:  # every choice comes back as itself
        wanted = [None] if name == "doubt" else [[] if name == "safe" else [name]]
        assert chosen(annotation(1, name)) == {"1": wanted}


def test_annotators_are_kept_apart_and_skipped_tasks_left_out():
    found = labelled(
        exported(
            annotation(1, PACT, INTENT),
            annotation({"id": 2, "email": "noor@example.org"}, "safe", "doubt"),
            annotation({"email": "bo@example.org"}, "doubt"),
            annotation(4, was_cancelled=True),
        )
    )
    rows = {who: (row["labels"], row["doubt"]) for who, [row] in found.items()}
    assert rows == {"1": ([INTENT, PACT], False), "2": ([], True), "bo@example.org": (None, True)}


@pytest.mark.parametrize(
    ("export", "problem"),
    [
        ({}, "must be the list of tasks"),
        ([{"data": {}, "labels": []}], "task 1: has no annotations"),
        ([{"data": {"id": "a"}, "annotations": []}], "task 1: was not made by"),
        ([*exported(annotation(1, "safe")), {"data": "x", "annotations": []}], "task 2: was not made by"),
        (exported("x"), "task 1: annotations: must be objects"),
        (exported(annotation(1, "voornemen")), "task 1, annotator 1: chose something"),
        (exported(annotation(1)), "task 1, annotator 1: chose nothing"),
        (exported(annotation(1, "safe", INTENT)), "task 1, annotator 1: chose safe beside a label"),
        (exported(annotation(None, "safe")), "task 1: completed_by is missing"),
        (exported(annotation(1, "safe"), annotation(1, PACT)), "task 1: annotator 1 labelled it twice"),
        (exported(annotation(1, "safe", result=[{"from_name": "labels"}])), "task 1, annotator 1: result"),
    ],
)
def test_an_export_that_cannot_be_used_is_named(export, problem):
    with pytest.raises(EvaluationError, match=problem):
        labelled(export)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("", "holds no message"),
        ("{", ":1: is not JSON"),
        ("[]", ":1: must be an object"),
        ('{"text": "hoi"}', ":1: id: must be a text or a whole number"),
        ('{"id": "\\ud800", "text": "hoi"}', ":1: id: contains an unpaired surrogate"),
        ('{"id": 1}', ":1: text: must be a string"),
        ('{"id": 1, "text": "geheim \\udc00"}', ":1: text: contains an unpaired surrogate"),
        ('{"id": 1, "text": "x"}\n{"id": "1", "text": "y"}', ":2: id: stands twice"),
        ('{"id": 1, "text": "geheim", "context": "x"}', ":1: context: must be a list"),
    ],
)
def test_messages_that_cannot_be_used_are_named_without_their_text(lines, problem, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text(lines, encoding="utf-8")
    with pytest.raises(EvaluationError, match=problem) as error:
        read_messages(path)
    assert "geheim" not in str(error.value)


def test_columns_may_have_other_names(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"nr": 5, "bericht": "hoi", "id": "x", "text": "y"}', encoding="utf-8")
    done = CliRunner().invoke(
        annotate, ["export", str(path), "--text", "bericht", "--id", "nr", "--out", str(tmp_path / "out")]
    )
    assert done.exit_code == 0, done.output
    [task] = json.loads((tmp_path / "out" / "tasks.json").read_text(encoding="utf-8"))
    assert (task["data"]["id"], task["data"]["messages"][-1]["text"]) == ("5", "hoi")


def test_an_annotator_cannot_choose_where_a_file_goes(tmp_path):
    export = tmp_path / "export.json"
    export.write_text(json.dumps(exported(annotation({"email": "../../x"}, "safe"))), encoding="utf-8")
    done = CliRunner().invoke(annotate, ["import", str(export), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "1 annotators have a name" in done.output
    assert not (tmp_path / "out").exists()
