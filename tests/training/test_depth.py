"""The report of recall against milliseconds, whole, on a tiny encoder."""

import json

from training.depth import TOKENS
from training.ranking import METRICS


def test_command_measures_every_depth_as_it_would_ship(vangnet_train, tiny_encoders, small_corpus, tmp_path):
    out = tmp_path / "depth.json"
    trial = (
        "--epochs",
        1,
        "--base",
        tiny_encoders["bert-wordpiece"],
        "--corpus",
        small_corpus,
        "--work",
        tmp_path / "work",
    )
    result = vangnet_train("depth", 2, 1, "--share", 1, "--out", out, *trial)
    assert result.exit_code == 0, result.output
    rows = json.loads(out.read_text(encoding="utf-8"))
    files = ["fp32", "int8", "int8 reduced range"]
    assert [(row["layers"], row["file"]) for row in rows] == [(layers, file) for layers in (2, 1) for file in files]
    for row in rows:
        assert METRICS.keys() <= row.keys()
        assert set(row["median_ms"]) == {str(tokens) for tokens in TOKENS}
    size = {(row["layers"], row["file"]): row["megabytes"] for row in rows}
    assert size[2, "fp32"] > size[2, "int8"] > 0
    assert "| 1 layers, int8 reduced range | " in result.output
    assert "layers: must be 1 to 2" in vangnet_train("depth", 3, "--share", 1, "--out", out, *trial).output
