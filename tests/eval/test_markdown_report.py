"""The short report on results worked by hand."""

import math

import pytest

from eval.markdown_report import write_markdown
from eval.tables import shown, visible

FEW = {"not_estimable": "3 alarms on 20 safe rows: fewer than 10"}


def figure(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


def block(recall, **figures):
    found = {name: figure(None) for name in ("precision", "false_alarm_rate", "auroc", "precision_at_1_in_100")}
    return {"rows": 1200, "positives": 30, "prevalence": 0.025, "figures": found | {"recall": recall} | figures}


@pytest.fixture
def results():
    return {
        "suite": {
            "name": "suite | <b>",
            "version": "1",
            "description": "Messages\nwritten by hand",
            "licence": "",
            "obtain": "",
            "status": "run",
            "written": True,
            "file": "data.csv",
            "sha256": "ab" * 32,
            "rows": 1200,
        },
        "system": {"name": "words", "facts": {"list": "[x](y)\x1b[31m"}},
        "command": "vangnet-eval run",
        "vangnet": "0.2.0",
        "made": "2026-01-01T00:00:00+00:00",
        "targets": {
            "any": block(figure(0.8, 0.7, 0.9), false_alarm_rate=FEW, auroc=figure(0.0123, 0.01, 0.2)),
            "self_harm": block(figure(0.5, 0.4, 0.6)),
            "peer_influence": block(figure(None)),
        },
        "slices": {"about": {"best": {"any": block(figure(0.9))}, "worst | <i>": {"any": block(figure(0.1))}}},
        "grid": {
            "N1": {"all": {"rows": 4, "risky": 0, "right": 4}, "home": {"rows": 1, "risky": 0, "right": 1}},
            "P2": {"all": {"rows": 1200, "risky": 1200, "right": 1100}},
            "P3": {},
        },
        "pairs": {"pairs": 17, "both_right": figure(0.4, 0.3, 0.5)},
        "conversations": {"conversations": 5, "risky": 0, "figures": {"erde_5": 0.25, "latency_f1": math.nan}},
        "support": {"rows": 50, "flagged": 2, "rate": figure(0.04, 0.01, 0.09)},
    }


@pytest.fixture
def report(results, tmp_path):
    write_markdown(tmp_path / "report.md", results)
    return (tmp_path / "report.md").read_text(encoding="utf-8")


def rows(report):
    lines = [line.replace("\\|", "¦") for line in report.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def test_figures_with_intervals_or_the_reason_why_there_is_none(report):
    assert "- **recall** (share of risky messages that are flagged): 0.800 (0.700 to 0.900)" in report
    assert "): not estimable: 3 alarms on 20 safe rows: fewer than 10\n" in report
    found = rows(report)
    assert ["AUROC", "0.0123 (0.0100 to 0.200)"] in found
    assert ["precision", "not estimable: undefined on these rows"] in found
    assert "30 of 1,200 messages are risky, a share of 0.0250" in report


def test_the_worst_comes_first_and_the_unknown_last(report):
    first = [row[0] for row in rows(report)]
    order = ["self_harm", "any", "peer_influence", "worst ¦ \\<i\\>", "best", "P2", "N1"]
    assert [name for name in first if name in order] == order


def test_groups(report):
    found = rows(report)
    assert ["kind", "risky", "all", "home"] in found
    assert ["P2", "1,200", "1,100/1,200"] in [row[:3] for row in found]
    assert ["N1", "0", "4/4", "1/1"] in found
    assert ["pairs", "17"] in found
    assert ["both messages decided rightly", "0.400 (0.300 to 0.500)"] in found
    assert ["ERDE-5 (lower is better)", "0.250"] in found
    assert ["F1 weighted by latency", "not estimable: undefined on these rows"] in found
    assert ["share flagged", "0.0400 (0.0100 to 0.0900)"] in found


def test_rows_of_a_table_have_as_many_cells_as_its_head(report):
    for table in report.split("\n\n"):
        lines = table.splitlines()
        if lines[0].startswith("|"):
            assert len({line.replace("\\|", "").count("|") for line in lines}) == 1
            assert set(lines[1]) == {"|", "-", " "}


def test_what_was_measured_stands_as_it_is(report):
    assert report.startswith("# words on suite \\| \\<b\\>\n")
    assert "- description: Messages written by hand\n" in report
    assert "- licence: none given\n" in report
    assert f"- SHA-256: {'ab' * 32}\n" in report
    assert "- system, list: \\[x\\](y)⟨U+001B⟩\\[31m\n" in report
    assert "\x1b" not in report


def test_the_caveat_and_groups_only_where_they_belong(results, report, tmp_path):
    assert "**Measured on written examples; recall on real messages is unknown" in report
    results["suite"]["written"] = False
    results |= {"grid": {}, "pairs": {}, "conversations": {}, "support": {}}
    write_markdown(tmp_path / "report.md", results)
    plain = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "examples" not in plain
    assert not {"kind", "pairs", "conversations", "share flagged"} & {row[0] for row in rows(plain)}


def test_a_figure_without_interval_or_value():
    assert shown(figure(0.5)) == "0.500"
    assert shown(0.0) == "0.0000"
    assert shown(None) == shown(math.nan) == shown(figure(None)) == "not estimable: undefined on these rows"


def test_emoji_and_line_breaks_stay_and_hidden_characters_show():
    assert visible("a\n👩\u200d👧 é") == "a\n👩\u200d👧 é"
    assert visible("\u2066\ufeff\u2028\ud800\r") == "⟨U+2066⟩⟨U+FEFF⟩⟨U+2028⟩⟨U+D800⟩⟨U+000D⟩"
