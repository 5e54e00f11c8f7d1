"""Pictures on scores whose curves are known, and what stands in their place."""

import re
import xml.etree.ElementTree as ElementTree

import matplotlib
import numpy as np
import pytest

from eval.plots import plots

TITLES = ["Precision and recall", "Recall and false alarms", "Reliability", "Scores", "Thresholds"]
SVG = "{http://www.w3.org/2000/svg}"


def drawn(rows=2000, seed=0):
    random = np.random.default_rng(seed)
    truth = (np.arange(rows) % 10 == 0).astype(float)
    scores = 1 / (1 + np.exp(-(random.normal(-3, 1, rows) + 4 * truth)))
    return truth, scores, (scores >= 0.5).astype(float)


def parsed(plot):
    # In a page the parser knows these names; here they have to be declared.
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return ElementTree.fromstring(plot.svg.replace("<svg ", f"<svg {names} ", 1))


@pytest.fixture(scope="module")
def found():
    return plots(*drawn())


def test_all_are_drawn_with_captions_and_text_alternatives(found):
    assert [plot.title for plot in found] == TITLES
    for plot in found:
        root = parsed(plot)
        assert root.get("role") == "img"
        assert root.get("aria-label").startswith(f"{plot.title}. ")
        assert len(plot.caption) > 40


def test_letters_stay_text_on_a_white_ground(found):
    labels = [
        "recall: share of risky messages found",
        "false alarms: share of safe messages flagged",
        "mean score",
        "messages, logarithmic",
        "alarms per 1,000",
    ]
    for plot, label in zip(found, labels, strict=True):
        root = parsed(plot)
        assert label in [text.text for text in root.iter(f"{SVG}text")]
        assert "#ffffff" in next(root.iter(f"{SVG}path")).get("style")
    axis = [text.text for text in parsed(found[1]).iter(f"{SVG}text")]
    assert axis[:4] == ["0.1 %", "1 %", "10 %", "100 %"]


def test_equal_data_gives_equal_markup_whatever_the_settings(found):
    before = matplotlib.rcParams["svg.fonttype"]
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "svg.hashsalt": "other"}):
        assert plots(*drawn()) == found
        assert matplotlib.rcParams["font.size"] == 30
    assert matplotlib.rcParams["svg.fonttype"] == before
    assert plots(*drawn(seed=1)) != found


def test_ids_are_unique_in_a_page_and_references_stay_within_a_picture(found):
    ids = [re.findall(r'\bid="([^"]+)"', plot.svg) for plot in found]
    assert len(set().union(*ids)) == sum(map(len, ids))
    for plot, own in zip(found, ids, strict=True):
        references = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', plot.svg)
        assert references
        assert {one or other for one, other in references} <= set(own)
    assert "://" not in "".join(plot.svg for plot in found)


def test_alternatives_tell_the_curves():
    # Half of the risky messages score above all safe ones, the other half below.
    truth = np.array([1.0, 1.0] * 5 + [0.0] * 1000)
    scores = np.array([0.9, 0.1] * 5 + [0.5] * 1000)
    alternatives = [plot.svg.split('aria-label="')[1].split('"')[0] for plot in plots(truth, scores, scores > 0.8)]
    assert "at 50.0 % recall precision is 100.0 %; at 80.0 % recall precision is 1.0 %" in alternatives[0]
    assert "at 1.0 % false alarms recall is 50.0 %; at 5.0 % false alarms recall is 50.0 %" in alternatives[1]
    assert "at 0.1 %" not in alternatives[1]  # one alarm would be expected
    assert "decision: false alarm rate 0.0 %, recall 50.0 %" in alternatives[1]
    assert "10 risky messages, half of them score below 0.500; 1,000 safe" in alternatives[3]
    assert "0.3 finds 50.0 % of risky messages and flags 1000.0 of 1,000 safe ones" in alternatives[4]
    assert "0.7 finds 50.0 % of risky messages and flags 0.0 of 1,000 safe ones" in alternatives[4]


def test_a_system_that_does_not_decide_has_curves_without_a_point_of_its_own():
    truth, scores, flagged = drawn()
    silent = plots(truth, scores, np.full(len(truth), np.nan))
    assert all(plot.svg for plot in silent)
    assert "decision" not in silent[0].svg + silent[1].svg
    assert "decision" in plots(truth, scores, flagged)[0].svg
    assert "the system flags nothing" in plots(truth, scores, 0 * flagged)[0].svg


@pytest.mark.parametrize("scores", [[0.5] * 6, [-3.0, 8.0, 1.0, 2.0, 0.0, 4.0], [7.0] * 6], ids=["one", "wide", "same"])
def test_scores_of_any_kind_are_drawn(scores):
    found = plots(np.array([1.0, 0, 1, 0, 0, np.nan]), np.array(scores), np.ones(6))
    outside = max(scores) > 1
    assert [plot.title for plot in found if not plot.svg] == (["Reliability"] if outside else [])
    if outside:
        assert found[2].caption == "the scores are no probabilities: some lie outside 0 to 1"


def test_pictures_that_cannot_be_are_left_out_with_the_reason():
    truth, scores, flagged = drawn(20)
    unlabelled = plots(np.full(20, np.nan), scores, flagged)
    assert [(plot.svg, plot.caption) for plot in unlabelled] == [("", "no row is labelled")] * 5
    part = np.where(np.arange(20) < 3, np.nan, scores)
    assert {plot.caption for plot in plots(truth, part, flagged)} == {"the system gives no score for 3 of 20 messages"}
    safe = plots(np.zeros(20), scores, flagged)
    assert [plot.title for plot in safe if plot.svg] == ["Scores"]
    assert safe[0].caption == "needs risky and safe messages, and all 20 are safe"


def test_curves_of_many_messages_stay_small():
    assert sum(len(plot.svg) for plot in plots(*drawn(50_000))) < 250_000
