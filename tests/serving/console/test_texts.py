import re
from pathlib import Path

import pytest

from serving.console import texts
from serving.console.texts import read_texts

CONSOLE = Path(texts.__file__).parent


def test_both_languages_have_the_same_parts_and_differ():
    for key, both in read_texts().items():
        parts = {frozenset(re.findall(r"{(\w+)}", text)) for text in both.values()}
        assert len(parts) == 1, key
        assert all(text.strip() for text in both.values()), key


def test_every_text_that_a_template_or_route_names_is_there():
    known = set(read_texts())
    sources = [*CONSOLE.glob("templates/*.html"), *CONSOLE.glob("*.py")]
    named = {
        key
        for source in sources
        for key in re.findall(r"""["']([a-z_]+\.[a-z_]+)["']""", source.read_text(encoding="utf-8"))
        if (CONSOLE / "texts" / f"{key.split('.')[0]}.toml").exists()
        and not key.endswith(("_", ".html", ".js", ".css"))
    }
    assert len(named) > 50
    assert named - known == set()


def test_a_text_without_a_language_is_refused(tmp_path):
    (tmp_path / "a.toml").write_text('hello = { nl = "hoi" }\n', encoding="utf-8")
    with pytest.raises(ValueError, match="hello needs nl and en"):
        read_texts(tmp_path)
