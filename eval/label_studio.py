"""Messages as tasks of Label Studio, and what its annotators made of them.

Formats: Label Studio's documentation of tasks ("Basic Label Studio JSON format"), of its JSON export ("Label Studio JSON format
of annotated tasks") and of the tags Paragraphs, Choices and Choice.
"""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from classifier import Message, MessageError
from classifier.labels import LABEL_NAMES, LABELS
from classifier.message import Role, Turn
from eval.agreement import id_of, read_objects
from eval.errors import EvaluationError

SAFE, DOUBT = "safe", "doubt"
"""What an annotator can choose beside the labels: nothing for a moderator, and not being sure."""
_CHOICES = "labels"
_AUTHORS = {Role.SELF: "schrijver, eerder", Role.PEER: "een ander, eerder"}
_JUDGED = "schrijver, te beoordelen"
_ROLES = {author: role for role, author in _AUTHORS.items()}


def read_messages(path: Path, text: str = "text", name: str = "id") -> dict[str, Message]:
    """Read a JSON Lines file in the form of the corpus: id, text and optional context.

    Args:
        path: The file.
        text: Its column of the text.
        name: Its column of the id.

    Returns:
        Messages by id.

    Raises:
        EvaluationError: A line is wrong, or an id stands twice; the message names the line, never its text.
    """
    found: dict[str, Message] = {}
    for place, row in read_objects(path):
        key = id_of(row, name, place)
        if key in found:
            raise EvaluationError(f"{place}: {name}: stands twice")
        try:
            found[key] = Message.from_mapping({"text": row.get(text), "context": row.get("context")})
        except MessageError as error:
            raise EvaluationError(f"{place}: {error}") from None
    if not found:
        raise EvaluationError(f"{path}: holds no message")
    return found


def tasks(messages: Mapping[str, Message], seed: int = 0) -> list[dict[str, Any]]:
    """Tasks to import, shuffled, with nothing that could sway a labeller: no labels, scores or kinds."""
    found = [{"data": {"id": name, "messages": _paragraphs(message)}} for name, message in messages.items()]
    random.Random(seed).shuffle(found)
    return found


def configuration() -> str:
    """The labelling configuration (XML) of a project for such tasks."""
    view = ElementTree.Element("View")
    ElementTree.SubElement(
        view, "Header", value="Wat staat er in het laatste bericht? Wat eerder staat helpt om het te lezen."
    )
    # One list with the judged message last: Label Studio cannot show an empty list, and a text can fake no speaker in it.
    keys: dict[str, Any] = {"valueType": "json", "nameKey": "author", "textKey": "text", "layout": "dialogue"}
    ElementTree.SubElement(view, "Paragraphs", name="messages", value="$messages", **keys)
    choices = ElementTree.SubElement(
        view,
        "Choices",
        name=_CHOICES,
        toName="messages",
        choice="multiple",
        required="true",
        requiredMessage="Kies een of meer labels, of veilig, of twijfel.",
    )
    shown = [(label.name, f"{label.nl}: {label.description_nl}") for label in LABELS]
    shown += [
        (SAFE, "veilig: niets voor een moderator."),
        (DOUBT, "twijfel: ik weet het niet zeker; mag naast labels."),
    ]
    for name, value in shown:
        ElementTree.SubElement(choices, "Choice", alias=name, value=value)
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def labelled(export: Any) -> dict[str, list[dict[str, Any]]]:
    """Rows by annotator, from Label Studio's JSON export. Skipped tasks are left out.

    Returns:
        Per annotator (Label Studio's number, or what stands in its place) rows of ``id``, ``text``, ``context``, ``labels``
        (None where there was only doubt) and ``doubt``.

    Raises:
        EvaluationError: It is no such export, or somebody chose what does not go together; the message names the task.
    """
    if not isinstance(export, list):
        raise EvaluationError("must be the list of tasks that Label Studio exports as JSON")
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for number, task in enumerate(export, 1):
        place = f"task {number}"
        if not isinstance(task, dict) or not isinstance(task.get("annotations"), list):
            raise EvaluationError(f"{place}: has no annotations; export as JSON, not as JSON-MIN")
        row = _row(task.get("data"), place)
        for annotation in task["annotations"]:
            if not isinstance(annotation, dict):
                raise EvaluationError(f"{place}: annotations: must be objects")
            if annotation.get("was_cancelled"):
                continue
            who = _annotator(annotation.get("completed_by"), place)
            if row["id"] in found.setdefault(who, {}):
                raise EvaluationError(f"{place}: annotator {who} labelled it twice; delete one in Label Studio")
            found[who][row["id"]] = row | _chosen(annotation.get("result"), f"{place}, annotator {who}")
    return {who: list(rows.values()) for who, rows in found.items()}


def _paragraphs(message: Message) -> list[dict[str, str]]:
    before = [{"author": _AUTHORS[turn.role], "text": turn.text} for turn in message.context]
    return [*before, {"author": _JUDGED, "text": message.text}]


def _row(data: Any, place: str) -> dict[str, Any]:
    try:
        name = id_of(data, "id", place)
        *before, judged = data["messages"]
        message = Message(judged["text"], tuple(Turn(_ROLES[turn["author"]], turn["text"]) for turn in before))
    except MessageError as error:
        raise EvaluationError(f"{place}: {error}") from None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise EvaluationError(f"{place}: was not made by vangnet-eval annotate export") from None
    context = [{"role": str(turn.role), "text": turn.text} for turn in message.context]
    return {"id": name, "text": message.text, "context": context}


def _annotator(completed_by: Any, place: str) -> str:
    who = completed_by.get("id", completed_by.get("email")) if isinstance(completed_by, dict) else completed_by
    if who is None:
        raise EvaluationError(f"{place}: completed_by is missing; without it annotators cannot be kept apart")
    return str(who)


def _chosen(result: Any, place: str) -> dict[str, Any]:
    try:
        chosen: Sequence[str] = [
            name for part in result if part["from_name"] == _CHOICES for name in part["value"]["choices"]
        ]
        names = set(chosen)
    except (KeyError, TypeError):
        raise EvaluationError(f"{place}: result: has another form than this labelling configuration gives") from None
    if names - {SAFE, DOUBT} - set(LABEL_NAMES):
        raise EvaluationError(f"{place}: chose something that is not in this labelling configuration")
    labels = [name for name in LABEL_NAMES if name in names]
    if not names or (labels and SAFE in names):
        raise EvaluationError(f"{place}: chose {'safe beside a label' if names else 'nothing'}")
    return {"labels": None if names == {DOUBT} else labels, "doubt": DOUBT in names}
