"""A step of a run that need not be done again while what it is made from stays the same."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from training.inputs import digest


class Stage:
    """A step with a stamp: ``<name>.done.json`` in the run's folder, written when the step's own files are complete."""

    def __init__(self, work: Path, name: str, made_from: Iterable[Path], makes: Iterable[Path]) -> None:
        """Take the files that the step reads, its code included, and those that it writes."""
        self._stamp = work / f"{name}.done.json"
        self._inputs = digest(path for path in made_from if path.is_file())
        self._made = tuple(makes)

    @property
    def facts(self) -> Mapping[str, Any] | None:
        """What `finish` was given, or None if the step must be done: not finished, its files gone, or its input another."""
        if not all(path.is_file() for path in (self._stamp, *self._made)):
            return None
        stamp = json.loads(self._stamp.read_text(encoding="utf-8"))
        return stamp["facts"] if stamp["inputs"] == self._inputs else None

    def finish(self, **facts: Any) -> Mapping[str, Any]:
        """Note that the step's files are complete, in one step; `facts` are kept for the next time."""
        partial = self._stamp.with_suffix(".part")
        partial.write_text(json.dumps({"inputs": self._inputs, "facts": facts}, indent=2) + "\n", encoding="utf-8")
        partial.replace(self._stamp)
        return facts
