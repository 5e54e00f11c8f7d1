"""What the fine-tuned model has to be better than, measured on the same messages by the same figures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from tqdm.auto import tqdm

from classifier import Classifier
from classifier.figures import CAVEAT, with_interval
from classifier.labels import LABEL_NAMES
from classifier.message import Message
from classifier.normalise import normalise
from training import keywords
from training.corpus_files import Corpus, Example
from training.model import RiskModel
from training.probe import fit_probe
from training.ranking import TITLES, ranking
from training.rows import Collator, training_dataset, truth
from training.scoring import onnx_logits, torch_logits
from training.trials import Bench

INVERSE_REGULARISATION = 4.0
"""Of the logistic regression on TF-IDF."""


def baselines(
    bench: Bench, corpus: Corpus, split: str, classifier: Classifier, fp32: Path | None
) -> dict[str, dict[str, Any]]:
    """Figures of every system on the messages of one split; whatever is fitted is fitted on the training voices.

    Args:
        bench: Base encoder for the frozen baseline.
        corpus: All splits.
        split: Where the figures are read.
        classifier: The int8 file that ships, from its bundle.
        fp32: The same model before rounding, or None.

    Returns:
        Per system the figures of `ranking`, the keyword list's with ``alarms``: shares of risky, look-alike and everyday
        messages that hold a listed word.
    """
    training, examples = corpus.split("train"), corpus.split(split)
    messages = [example.message for example in examples]
    listed = keyword_scores(messages)
    figures = {"keyword list": ranking(examples, listed) | {"alarms": _alarms(examples, listed[:, 0] > 0)}}
    figures["TF-IDF and logistic regression"] = ranking(examples, tfidf_scores(training, messages))
    figures["frozen encoder and logistic regression"] = ranking(examples, frozen_scores(bench, training, messages))
    if fp32 is not None:
        figures["fine-tuned, fp32"] = ranking(examples, onnx_logits(fp32, classifier.encoder, messages, "fp32"))
    predicted = [classifier.predict(message).logits for message in tqdm(messages, desc="int8", unit="message")]
    figures[f"fine-tuned, int8 ({classifier.bundle.name})"] = ranking(examples, np.array(predicted))
    return figures


def baselines_text(figures: dict[str, dict[str, Any]]) -> str:
    """Markdown table, a row a system."""
    lines = [f"| {CAVEAT} | {' | '.join(TITLES.values())} |", f"|{' --- |' * (len(TITLES) + 1)}"]
    for system, row in figures.items():
        cells = (with_interval(row[name]) if name in row else "-" for name in TITLES)
        lines.append(f"| {system} | {' | '.join(cells)} |")
    shares = figures["keyword list"]["alarms"]
    said = ", ".join(f"{share:.1%} of {group} messages" for group, share in shares.items())
    return "\n".join([*lines, "", f"A listed word stands in {said}.", ""])


def _alarms(examples: Sequence[Example], flagged: np.ndarray) -> dict[str, float]:
    groups = {
        "risky": [example.risky for example in examples],
        "look-alike": [example.look_alike for example in examples],
        "everyday": [not example.risky and not example.look_alike for example in examples],
    }
    return {name: float(flagged[np.array(members)].mean()) for name, members in groups.items()}


def keyword_scores(messages: Sequence[Message]) -> np.ndarray:
    """Number of listed words in the newest message, shape (messages, 1): a list names no label."""
    return np.array([[float(len(keywords.spans(message.text)))] for message in messages])


def tfidf_scores(examples: Sequence[Example], messages: Sequence[Message]) -> np.ndarray:
    """Logits (messages, labels) of logistic regression on TF-IDF of characters (2 to 5) and words (1 to 2).

    Args:
        examples: Training messages.
        messages: What is scored. Context counts as text before the message, each word marked as context.
    """
    texts, wanted = [_flat(example.message) for example in examples], truth(examples)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"\S+")
    fitted = hstack([characters.fit_transform(texts), words.fit_transform(texts)]).tocsr()
    flat = [_flat(message) for message in messages]
    scored = hstack([characters.transform(flat), words.transform(flat)]).tocsr()
    model = LogisticRegression(C=INVERSE_REGULARISATION, solver="liblinear")
    columns = [
        model.fit(fitted, wanted[:, column]).decision_function(scored)
        for column in tqdm(range(len(LABEL_NAMES)), desc="tf-idf", unit="label")
    ]
    return np.array(columns).T


def frozen_scores(bench: Bench, examples: Sequence[Example], messages: Sequence[Message]) -> np.ndarray:
    """Logits (messages, labels) of logistic regression on the features of the encoder as it was published."""
    dataset = training_dataset(examples, None, bench.encoder, bench.recipe.seed)
    model = RiskModel(bench.base.model)
    model.start_head(fit_probe(model, dataset, list(dataset.with_format(None)["length"]), Collator(bench.pad)))
    return torch_logits(model, bench.encoder, messages, bench.pad, "frozen encoder")


def _flat(message: Message) -> str:
    context = [f"ctx_{word}" for turn in message.context for word in normalise(turn.text).split()]
    return " ".join([*context, normalise(message.text)])
