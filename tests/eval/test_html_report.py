"""The page of a run, read as a browser reads it: it loads nothing, hides nothing, and no text becomes markup."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from eval import html_report
from eval.errors import EvaluationError
from eval.evaluation import evaluate, judge_all
from eval.html_report import write_html
from eval.suite import read_suite
from eval.system import Judged
from eval.targets import ANY, TARGETS

IDEATION, INJURY = "self_harm/ideation", "self_harm/injury"
HOSTILE = [
    "<script>document.title = 'taken'</script>",
    "\"><img src=x onerror=alert(1)> '",
    "</bdi></p></div></li></ol><h1>groot</h1>",
    "{{ 7 * 7 }} {% endfor %}",
    "\u202etxet\u202c en een \x1b[31mkleur en een\u200b naad",
]
MISSES = {"r0": 0.4, "r2": 0.1, "r4": 0.3, "r6": 0.2, "r8": 0.05}
ALARMS = {"r1": 0.6, "r3": 0.95, '"><b>r5\u202e': 0.8}
SUITE = """
name = "small <i>suite</i>"
version = "3"
file = "data.jsonl"
description = "Messages for a test"
licence = "CC0-1.0"
obtain = "it is here"
status = "not run on the service"
slices = ["about", "register"]
[columns]
id = "id"
context = "context"
conversation = "conversation"
turn = "turn"
onset = "onset"
kind = "kind"
pair = "pair"
[targets]
any = "labels has any"
"self_harm/ideation" = "labels has self_harm/ideation"
"self_harm/injury" = "labels has self_harm/injury"
"""
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """Elements with their attributes, table rows, and the text that is shown."""

    def __init__(self, source):
        super().__init__()
        self.source, self.tags, self.rows, self.texts = source, [], [], {"script": "", "style": ""}
        self.open, self.cells, self.crossed = [], None, False
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.cells = []
        elif tag in ("td", "th"):
            self.cells.append("")

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        self.crossed |= self.open.pop() != tag
        if tag == "tr":
            self.rows.append([" ".join(cell.split()) for cell in self.cells])

    def handle_data(self, data):
        place = self.open[-1] if self.open and self.open[-1] in ("script", "style") else "text"
        self.texts[place] = self.texts.get(place, "") + (f" {data}" if place == "text" else data)
        if self.open and {"td", "th"} & set(self.open):
            self.cells[-1] += f" {data}"

    @property
    def text(self):
        return " ".join(self.texts["text"].split())

    def with_class(self, name):
        return [attributes for _, attributes in self.tags if name in (attributes.get("class") or "").split()]


class Known:
    """A system whose scores are in the test."""

    name, facts, at_once, by_id = "known <u>scores</u>", {"policy": "p<1>"}, 16, False

    def __init__(self, scores, *, decides=True, scored=True):
        self.scores, self.decides, self.scored = scores, decides, scored

    def judge(self, messages, ids):
        scores = np.full((len(ids), len(TARGETS)), np.nan)
        for target in (ANY, "self_harm", IDEATION):
            scores[:, TARGETS.index(target)] = [self.scores[name] for name in ids]
        flagged = np.where(np.isnan(scores) | (not self.decides), np.nan, scores >= 0.5)
        return Judged(scores if self.scored else np.full(scores.shape, np.nan), flagged)


def entry(number):
    name = next((one for one in (*MISSES, *ALARMS) if re.search(rf"r{number}\b", one)), f"r{number}")
    return {
        "id": name,
        "text": HOSTILE[number] if number < len(HOSTILE) else f"bericht nummer {number}",
        "labels": [IDEATION if number % 4 else INJURY] if number % 2 == 0 else [],
        "context": [{"role": "peer", "text": "<em>eerder</em>"}] if number == 2 else [],
        "kind": "P1" if number % 2 == 0 else "N3",
        "about": ["school", "<i>thuis</i>"][number % 3 == 0],
        "register": ["chat", "street"][number % 5 == 0],
        "conversation": f"c{number // 4}",
        "turn": number % 4,
        "onset": 2 if number // 4 % 2 else None,
        "pair": f"p{number // 2}",
    }


def run(folder, *, suite=SUITE, rows=40, **options):
    entries = [entry(number) for number in range(rows)]
    folder.mkdir(exist_ok=True)
    (folder / "suite.toml").write_text(suite, encoding="utf-8")
    (folder / "data.jsonl").write_text("".join(json.dumps(one) + "\n" for one in entries), encoding="utf-8")
    usual = {one["id"]: 0.9 if one["labels"] else 0.01 for one in entries}
    read = read_suite(str(folder / "suite.toml"))
    system = Known(usual | MISSES | ALARMS, **options)
    known, judged = judge_all(read, system, folder)
    return evaluate(read, system, known, judged, "vangnet-eval run --out 'a <b>'", 100), known, judged, read


def page_of(folder, results, known, judged, suite):
    write_html(folder / "report.html", results, known, judged, suite)
    return Page((folder / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    return run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def page(measured, tmp_path_factory):
    return page_of(tmp_path_factory.mktemp("page"), *measured)


def number(value):
    return f"{value:.4f}" if value < 0.1 else f"{value:.3f}"


def cell(figure):
    if "not_estimable" in figure:
        return f"not estimable {figure['not_estimable']}"
    if figure["value"] is None:
        return "not estimable undefined on these rows"
    if figure["low"] is None:
        return number(figure["value"])
    return f"{number(figure['value'])} {number(figure['low'])} to {number(figure['high'])}"


def test_the_page_loads_nothing(page):
    for tag, attributes in page.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form", "video", "audio")
        assert not {"src", "srcset", "data", "action", "background"} & set(attributes)
        for name in ("href", "xlink:href"):
            assert attributes.get(name, "#").startswith("#")
        assert not [name for name in attributes if name.startswith("on")]
    styles = page.texts["style"] + "".join(attributes.get("style") or "" for _, attributes in page.tags)
    assert "@import" not in styles
    assert all(place.startswith("#") for place in re.findall(r"url\(\s*['\"]?([^)]*)", styles))
    assert "://" not in page.source


def test_the_policy_lets_only_the_pages_own_script_run(page):
    policy = next(one["content"] for _, one in page.tags if one.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(page.texts["script"].encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}';" in policy
    assert [tag for tag, _ in page.tags].count("script") == 1


def test_hostile_text_stays_text(page):
    assert not page.crossed
    assert not page.open
    assert not {"img", "b", "i", "u", "em"} & {tag for tag, _ in page.tags}
    assert [tag for tag, _ in page.tags].count("h1") == 1
    for text in HOSTILE[:4]:
        assert text in page.text
    for text in ("<em>eerder</em>", "small <i>suite</i>", "known <u>scores</u>", "p<1>", "--out 'a <b>'"):
        assert text in page.text
    assert "⟨U+202E⟩txet⟨U+202C⟩ en een ⟨U+001B⟩[31mkleur en een⟨U+200B⟩ naad" in page.text
    assert not {"\u202e", "\u202c", "\x1b", "\u200b"} & set(page.source)


def test_ids_are_unique_and_links_and_buttons_lead_to_them(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert "#mistakes" in links
    assert {link[1:] for link in links} <= set(ids)


def test_every_mistake_is_there_worst_first_and_its_text_is_blurred_behind_a_button(page):
    shown = re.findall(r"<h4><bdi>(.*?)</bdi></h4>", page.source)
    misses = sorted(MISSES, key=MISSES.get)
    alarms = sorted(ALARMS, key=ALARMS.get, reverse=True)
    assert shown == [*misses, *(name.replace('"><b>r5\u202e', "&#34;&gt;&lt;b&gt;r5⟨U+202E⟩") for name in alarms)]
    texts = page.with_class("text")
    assert [one["tabindex"] for one in texts] == ["0"] * 8
    buttons = [attributes for tag, attributes in page.tags if tag == "button"]
    assert [one["aria-controls"] for one in buttons] == [one["id"] for one in texts]
    assert {one["aria-expanded"] for one in buttons} == {"false"}
    assert re.search(r"\.text \{[^}]*filter: blur", page.texts["style"])
    assert "bericht nummer 6" in page.text
    assert "bericht nummer 7" not in page.text
    assert f"any 0.0500 {IDEATION} 0.0500 in the data: self_harm/injury" in page.text


def test_only_the_worst_are_shown(measured, tmp_path, monkeypatch):
    monkeypatch.setattr(html_report, "MOST", 2)
    page = page_of(tmp_path, *measured)
    assert re.findall(r"<h4><bdi>(.*?)</bdi></h4>", page.source)[:3] == ["r8", "r2", "r3"]
    assert "Misses: 2 of 5, lowest" in page.text
    assert "False alarms: 2 of 3, highest" in page.text
    assert "bericht nummer 6" not in page.text


def test_every_figure_of_targets_and_slices_is_shown(measured, page):
    results = measured[0]
    rows = [row[1:] for row in page.rows]
    for block in results["targets"].values():
        for figure in block["figures"].values():
            assert [cell(figure)] in rows
    names = ("recall", "precision", "false_alarm_rate", "auroc")
    assert set(results["slices"]) == {"words", "context", "about", "register"}
    for members in results["slices"].values():
        for value, targets in members.items():
            block = targets[ANY]
            figures = [cell(block["figures"][name]) for name in names]
            assert [value, str(block["rows"]), str(block["positives"]), *figures] in page.rows


def test_targets_and_slices_begin_with_the_worst_recall(measured, page):
    recalls = {way: {} for way in measured[0]["slices"]}
    for way, members in measured[0]["slices"].items():
        for value, targets in members.items():
            recalls[way][value] = targets[ANY]["figures"]["recall"]["value"]
        order = [row[0] for row in page.rows if row[0] in members]
        values = [recalls[way][value] for value in order]
        known = [value for value in values if value is not None]
        assert values == sorted(known) + [None] * (len(values) - len(known))
    heads = [row[0] for row in page.rows if len(row) == 8]
    assert heads == ["target", ANY, IDEATION, INJURY]  # 15 of 20, 8 of 10, and not judged


def test_groups_and_the_functional_grid_are_shown(measured, page):
    results = measured[0]
    for kind, cells in results["grid"].items():
        parts = [f"{cells[name]['right']}/{cells[name]['rows']}" for name in ("all", "<i>thuis</i>", "school")]
        assert [kind, str(cells["all"]["risky"]), *parts] in page.rows
    kinds = [row[0] for row in page.rows if row[0] in results["grid"]]
    assert kinds == ["P1", "N3"]
    assert len(page.with_class("heat-3")) == 4  # 15 of 20, 5 of 7 and 10 of 13 of P1, 11 of 13 of N3
    assert ["pairs", "20"] in page.rows
    assert ["both messages decided rightly", cell(results["pairs"]["both_right"])] in page.rows
    assert ["conversations", "10"] in page.rows
    for name, title in (("found_within_0", "risk found at its first message"), ("erde_5", "ERDE-5 (lower is better)")):
        assert [title, number(results["conversations"]["figures"][name])] in page.rows
    assert ["flagged messages", "3"] in page.rows
    assert ["share flagged", cell(results["support"]["rate"])] in page.rows


def test_what_was_measured_and_the_headline(measured, page):
    results = measured[0]
    assert f"SHA-256 {results['suite']['sha256']}" in page.text
    for text in ("data.jsonl, 40 rows", "licence CC0-1.0", "status not run on the service", results["made"]):
        assert text in page.text
    assert "recall 0.750 " in page.text
    assert "false alarms not estimable alarms on safe rows: 3 of 20, fewer than 10" in page.text
    assert [tag for tag, _ in page.tags].count("svg") == 5


def test_a_system_that_does_not_decide(tmp_path):
    page = page_of(tmp_path, *run(tmp_path, decides=False))
    assert "recall not estimable the system does not give what it needs" in page.text
    assert "The system does not decide on every message" in page.text
    assert "Misses: 20 of 20, lowest score first r8 " in page.text
    assert [tag for tag, _ in page.tags].count("svg") == 5
    assert not {"P1", "pairs", "share flagged"} & {row[0] for row in page.rows}
    assert "#kinds" not in page.source


def test_a_system_that_decides_without_scores(tmp_path):
    page = page_of(tmp_path, *run(tmp_path, scored=False))
    assert "AUROC not estimable the system does not give what it needs" in page.text
    assert page.text.count("Left out: the system gives no score for 40 of 40 messages.") == 5
    assert "svg" not in {tag for tag, _ in page.tags}
    assert "Misses: 5 of 5" in page.text


def test_the_caveat_stands_where_the_suite_says_that_it_was_written(page, tmp_path):
    assert "on written examples" not in page.text
    written = page_of(tmp_path, *run(tmp_path, suite=f"written = true\n{SUITE}"))
    assert "Measured on written examples; recall on real messages is unknown" in written.text


def test_a_file_that_changed_is_refused(measured, tmp_path):
    changed = run(tmp_path, rows=7)
    with pytest.raises(EvaluationError, match=r"data\.jsonl: has changed since it was measured"):
        write_html(tmp_path / "report.html", *measured[:3], changed[3])
