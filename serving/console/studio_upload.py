"""A file that somebody adds to the threshold studio."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import UploadFile

from classifier import Classifier
from serving.console.reference_files import read_labelled, read_scored_cases, score_rows
from serving.console.references import ReferenceKind
from serving.console.studio_form import MAX_NAME, Refusal


@dataclass(frozen=True)
class Read:
    """What was in it: a reference in the making."""

    name: str
    kind: ReferenceKind
    model: str
    rows: Sequence[Mapping[str, Any]]


def read_upload(classifier: Classifier, typed: Mapping[str, str], file: UploadFile | None) -> Read:
    """Read a file of the kind that the form says; labelled messages are scored.

    Raises:
        Refusal: There is no file, its name is too long, or its content has another form; says where.
    """
    if file is None or not file.filename:
        raise Refusal("studio.problem_no_file")
    content = file.file.read()
    name = typed.get("upload_name", "").strip() or file.filename
    if len(name) > MAX_NAME or not name.isprintable():
        raise Refusal("studio.problem_name", most=MAX_NAME)
    if typed.get("upload_kind") == ReferenceKind.CHECK:
        model, rows = read_scored_cases(content)
        return Read(name, ReferenceKind.CHECK, model, rows)
    rows = score_rows(classifier, read_labelled(content, file.filename))
    return Read(name, ReferenceKind.UPLOAD, classifier.bundle.name, rows)
