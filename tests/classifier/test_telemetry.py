"""Loading and using a bundle leaves nothing behind and tells nobody."""

import os
import subprocess
import sys

CODE = """
import sys
from classifier import Classifier, Message
Classifier.load(sys.argv[1]).predict(Message("hoi"))
"""


def test_onnxruntime_collects_nothing(bundle_folder, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run(
        [sys.executable, "-c", CODE, str(bundle_folder.resolve())],
        check=True,
        env={**environment, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / ".cache")},
    )
    assert list(tmp_path.rglob("*")) == []
