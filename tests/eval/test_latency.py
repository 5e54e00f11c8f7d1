from classifier import Classifier
from eval.latency import TOKENS, latency


def test_every_length_is_timed_and_longer_takes_longer(bundle_folder):
    found = latency(Classifier.load(bundle_folder), ["de fiets staat weer buiten in de regen"] * 40, runs=30)
    assert list(found["tokens"]) == [str(count) for count in TOKENS]
    medians = [entry["median_ms"] for entry in found["tokens"].values()]
    assert 0 < medians[0] < medians[-1]
    assert found["processor"]
