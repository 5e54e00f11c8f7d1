"""Does one setting of the recipe help? Trained beside the plain recipe on a share of the voices, with several seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, get_type_hints

import numpy as np

from classifier.figures import CAVEAT
from training.corpus_files import Corpus, Example
from training.errors import TrainingError
from training.finetune import Recipe
from training.ranking import METRICS, TITLES, figure, marks
from training.scoring import torch_logits
from training.trials import Bench, share_of


def read_setting(text: str) -> dict[str, Any]:
    """One or several settings, such as ``learning_rate=2e-4`` or ``layers=4,epochs=8``.

    Raises:
        TrainingError: A name is not one of the recipe's, or a value not of its kind.
    """
    kinds = get_type_hints(Recipe)
    read: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if not equals or name not in kinds or name == "seed":
            known = ", ".join(field.name for field in fields(Recipe) if field.name != "seed")
            raise TrainingError(f"{text}: must be name=value with a name of {known}")
        try:
            read[name] = _READERS.get(name, kinds[name])(value)
        except (ValueError, KeyError):
            raise TrainingError(f"{text}: {value!r} is not a value of {name}") from None
    return read


_READERS = {"layers": int, "attention": {"true": True, "false": False}.__getitem__}


def compare(
    bench: Bench, corpus: Corpus, settings: Mapping[str, Mapping[str, Any]], share: float, seeds: int
) -> dict[str, dict[str, Any]]:
    """Train the plain recipe and each setting with the same seeds and measure all on the validation voices.

    Args:
        bench: Base, plain recipe and the folder that keeps finished models.
        corpus: Its training and validation voices are used, no others.
        settings: Per title the fields of the recipe that differ.
        share: Part of the training voices, in (0, 1].
        seeds: Runs of each.

    Returns:
        Per title, "plain" first, the mean over seeds of the figures of `ranking`; of each setting also
        ``gain`` per figure: ``value``, ``low`` and ``high`` of the mean difference, by a bootstrap over validation voices.

    Raises:
        TrainingError: A setting would change nothing.
    """
    if bench.teacher is None and any("distillation" in changed for changed in settings.values()):
        raise TrainingError("distillation: changes nothing without --teacher")
    validation = corpus.split("validation")
    examples = share_of(corpus, bench.recipe.seed, share)

    def logits(changed: Mapping[str, Any]) -> list[np.ndarray]:
        found = []
        for seed in range(1, seeds + 1):
            trial = replace(bench, recipe=replace(bench.recipe, **changed, seed=seed))
            model = trial.trained(examples)
            found.append(
                torch_logits(model, bench.encoder, [one.message for one in validation], bench.pad, "validation")
            )
        return found

    wanted, hard = marks(validation)

    def means(runs: Sequence[np.ndarray]) -> dict[str, Any]:
        return {
            name: round(float(np.mean([metric(wanted, hard, one) for one in runs])), 4)
            for name, metric in METRICS.items()
        }

    plain = logits({})
    measured = {"plain": means(plain)}
    for title, changed in settings.items():
        varied = logits(changed)
        measured[title] = means(varied) | {"gain": gains(validation, plain, varied)}
    return measured


def gains(
    validation: Sequence[Example], plain: Sequence[np.ndarray], varied: Sequence[np.ndarray]
) -> dict[str, dict[str, float]]:
    """Mean difference over seeds of each figure, with the interval of a paired bootstrap over voices.

    Args:
        validation: Labelled messages.
        plain: Per seed logits (messages, labels).
        varied: The same of the other recipe, same seeds.
    """
    found = {}
    for name, metric in METRICS.items():

        def difference(wanted: np.ndarray, hard: np.ndarray, *logits: np.ndarray, metric: Any = metric) -> float:
            half = len(logits) // 2
            pairs = zip(logits[:half], logits[half:], strict=True)
            return float(
                np.mean([metric(wanted, hard, after) - metric(wanted, hard, before) for before, after in pairs])
            )

        found[name] = figure(difference, validation, *marks(validation), *plain, *varied)
    return found


def compare_text(measured: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown table: the plain recipe's figures, and what each setting adds to them."""
    lines = [f"| {CAVEAT} | {' | '.join(TITLES.values())} |", f"|{' --- |' * (len(TITLES) + 1)}"]
    for title, row in measured.items():
        if "gain" in row:
            cells = [f"{one['value']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})" for one in row["gain"].values()]
        else:
            cells = [f"{row[name]:.3f}" for name in TITLES]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])
