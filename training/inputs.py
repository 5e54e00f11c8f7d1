"""What a run started from: a resumed run must have started from the same."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from training.errors import TrainingError
from training.finetune import Recipe

_ROOT = Path(__file__).parent.parent
MODEL_CODE = tuple(
    _ROOT / f"{name}.py"
    for name in (
        *("classifier/encoding", "classifier/labels", "classifier/normalise"),
        *(
            "training/rows",
            "training/noise",
            "training/invented",
            "training/tails",
            "training/presumed_safe",
            "training/teacher",
        ),
        *("training/probe", "training/model", "training/fit", "training/finetune"),
    )
)
"""What makes a model of messages: a change here asks for another training."""
_FILE = "inputs.json"


def digest(paths: Iterable[Path]) -> dict[str, str]:
    """SHA-256 per file name."""
    return {path.name: _sha256(path) for path in sorted(paths)}


def require_same_inputs(work: Path, base: str, recipe: Recipe, files: Iterable[Path]) -> None:
    """Remember the inputs of a new run, its code included, or compare with those of the run that is to be resumed.

    Args:
        work: The run's folder.
        base: Name of the base encoder.
        recipe: Settings of fine-tuning.
        files: Corpus, conversations, presumed-safe sentences, teacher's logits and tokenizer.

    Raises:
        TrainingError: The folder holds checkpoints of a run with other inputs.
    """
    digests = {f"{path.parent.name}/{path.name}": _sha256(path) for path in sorted(files)}
    inputs = {"base": base, "recipe": asdict(recipe), "files": digests, "code": digest(MODEL_CODE)}
    path = work / _FILE
    if (work / "checkpoints").exists():
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if changed := [key for key in inputs if inputs[key] != before.get(key)]:
            raise TrainingError(
                f"--work {work}: holds a run with another {', '.join(changed)}; remove it or choose another"
            )
    path.write_text(json.dumps(inputs, indent=2) + "\n", encoding="utf-8")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
