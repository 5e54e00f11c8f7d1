import json

import pytest
from click.testing import CliRunner

from eval.cli import main


@pytest.mark.parametrize(
    "command", [["agreement", "a.jsonl", "a.jsonl", "--out"], ["annotate", "export", "a.jsonl", "--out"]]
)
def test_a_place_that_cannot_be_written_is_told_in_one_line(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "1", "text": "hoi", "labels": []}) + "\n")
    done = CliRunner().invoke(main, [*command, "a.jsonl/results"])
    assert (done.exit_code, done.output.splitlines()[-1]) == (1, "Error: a.jsonl/results: Not a directory")
