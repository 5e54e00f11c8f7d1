"""The table of settings in docs/settings.md is the code's: every one once, with its default, its limits and its cost."""

from pathlib import Path

import pytest
from annotated_types import Ge, Gt, Le

from serving.settings import HELP_LINES, Settings
from tests.deploy.conftest import ROOT

HEADER = ["setting", "default", "what it does", "what it costs"]


def rows():
    lines = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8").splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert table[0] == HEADER
    return table[2:]


def shown(field):
    """How the table writes a default."""
    if field.default_factory is not None:
        return "number of cores"
    if field.default == HELP_LINES:
        return "the list that ships"
    if field.default is None or field.default == ():
        return "none"
    return f"`{field.default:g}`" if isinstance(field.default, float) else f"`{field.default}`"


def test_every_setting_stands_there_once_and_no_other():
    assert [row[0] for row in rows()] == [f"`VANGNET_{name.upper()}`" for name in Settings.model_fields]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0].strip("`"))
def test_default_limits_and_cost_are_told(row):
    assert len(row) == len(HEADER)
    name, default, meaning, cost = row
    field = Settings.model_fields[name.strip("`").removeprefix("VANGNET_").lower()]
    assert default == shown(field)
    least = [one.ge if isinstance(one, Ge) else one.gt for one in field.metadata if isinstance(one, Ge | Gt)]
    most = [one.le for one in field.metadata if isinstance(one, Le)]
    assert len(least) == len(most)
    for low, high in zip(least, most, strict=True):
        assert f"{low:,} to {high:,}" in meaning
    assert len(meaning) > 10
    assert len(cost) > 10


def test_a_default_is_written_as_the_code_has_it():
    fields = Settings.model_fields
    assert fields["models"].default == Path("models")
    found = [shown(fields[name]) for name in ("models", "refresh_seconds", "review_storage", "secrets", "workers")]
    assert found == ["`models`", "`2`", "`off`", "none", "number of cores"]
