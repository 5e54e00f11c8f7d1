"""What one would write first: the model behind FastAPI, without pool, limits, metrics and help lines."""

import os
from typing import Any

from fastapi import FastAPI

from classifier import Classifier
from classifier.answer import judge
from serving.bench.connection import PATH
from serving.schemas import ClassifyRequest


def app() -> FastAPI:
    """Judges with the bundle that VANGNET_BUNDLE names."""
    naive = FastAPI()
    classifier = Classifier.load(os.environ["VANGNET_BUNDLE"])

    @naive.post(PATH)
    def classify(message: ClassifyRequest) -> dict[str, Any]:
        return judge(classifier, message.message())

    return naive
