"""Conditions of suites: worked examples, and properties over whatever a row may hold."""

import contextlib
import math
import operator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.conditions import Condition, value_of
from eval.errors import EvaluationError

COMPARE = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}
NUMBERS = st.one_of(st.integers(-(10**6), 10**6), st.floats(allow_nan=False, allow_infinity=False, width=32))
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name not in ("has", "never"))
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def holds(source, row):
    return Condition.parse(source).holds(row)


@pytest.mark.parametrize(
    ("source", "row", "expected"),
    [
        ("score >= 1.5", {"score": 1.5}, True),
        ("score >= 1.5", {"score": "1.4"}, False),
        ("score>1.5", {"score": 1.5}, False),
        ("score < -1e-3", {"score": -1}, True),
        ("A.B.c >= 2", {"A": {"B": {"c": 2}}}, True),
        ("A.B.c >= 2", {"A": {"B": None}}, None),
        ("A.B.c >= 2", {"A": 5}, None),
        ("A.B >= 2", {"A.B": 3, "A": {"B": 1}}, True),
        ("SH == 1", {"SH": 1}, True),
        ("SH == 1", {"SH": 0.0}, False),
        ("SH == 1", {"SH": "1.0"}, True),
        ("SH == 1", {"SH": True}, True),
        ("SH == 1", {}, None),
        ("SH == 1", {"SH": None}, None),
        ("SH == 1", {"SH": ""}, None),
        ("label == unsafe", {"label": "unsafe"}, True),
        ("label == 'very unsafe'", {"label": "very unsafe"}, True),
        ("label == Unsafe", {"label": "unsafe"}, False),
        ("label != safe", {"label": "unsafe"}, True),
        ("label != safe", {"label": None}, None),
        ("my label == 1", {"my label": 1}, True),
        ("labels has x", {"labels": ["y", "x"]}, True),
        ("labels has x", {"labels": []}, False),
        ("labels has x", {"labels": None}, None),
        ("labels has x", {"labels": ["xx"]}, False),
        ("labels has any", {"labels": ["y"]}, True),
        ("labels has any", {"labels": []}, False),
        ("has_risk == 1", {"has_risk": 1}, True),
        ("never", {}, False),
        (" never ", {"never": 1}, False),
    ],
)
def test_worked_examples(source, row, expected):
    assert holds(source, row) is expected


@pytest.mark.parametrize(
    "source", ["", " ", "label", "a = 1", ">= 3", "a >=", "a >= x", "a < ", "has x", "a => 1", "never!"]
)
def test_other_forms_are_refused(source):
    with pytest.raises(EvaluationError, match="condition"):
        Condition.parse(source)


@pytest.mark.parametrize("word", ["1", "1.0", "TRUE", " ja ", "Yes", "y", "j", 1, True, 1.0])
def test_words_for_yes(word):
    assert Condition("label", "says").holds({"label": word}) is True


@pytest.mark.parametrize("word", ["0", "0.0", "False", "nee", "NO", "n", 0, False, 0.0])
def test_words_for_no(word):
    assert Condition("label", "says").holds({"label": word}) is False


@pytest.mark.parametrize("value", ["kanarie", 2, [], {}, "1,0", "１"])
def test_other_words_are_refused_and_not_shown(value):
    with pytest.raises(EvaluationError, match="label: must be") as raised:
        Condition("label", "says").holds({"label": value})
    assert "kanarie" not in str(raised.value)


@pytest.mark.parametrize("source", ["score >= 2", "labels has x"])
def test_what_cannot_be_compared_names_the_column_and_not_the_value(source):
    column = source.split()[0]
    for value in ("kanarie", {"kanarie": 1}):
        with pytest.raises(EvaluationError, match=f"^{column}: must be") as raised:
            holds(source, {column: value})
        assert "kanarie" not in str(raised.value)


@given(NAMES, st.sampled_from(list(COMPARE)), NUMBERS, NUMBERS, st.sampled_from(["", " ", "  "]))
def test_numbers_compare_as_in_python_as_number_and_as_text(name, sign, found, wanted, space):
    source = f"{name}{space}{sign}{space}{wanted}"
    expected = COMPARE[sign](float(found), float(wanted))
    assert holds(source, {name: found}) is expected
    assert holds(source, {name: str(found)}) is expected


@given(st.lists(NAMES, min_size=1, max_size=4), VALUES)
def test_a_nested_column_is_the_flat_one(path, value):
    row = value
    for name in reversed(path):
        row = {name: row}
    assert repr(value_of(row, ".".join(path))) == repr(value)


@given(st.text(max_size=30))
@settings(max_examples=300)
def test_any_text_is_a_condition_or_refused(source):
    try:
        made = Condition.parse(source)
    except EvaluationError:
        return
    assert made.operator == "never" or (made.column and made.operator in (*COMPARE, "has"))


@given(st.sampled_from([*COMPARE, "has", "says", "never"]), VALUES, st.sampled_from(["1", "any", "x"]))
@settings(max_examples=300)
def test_any_value_is_true_false_unknown_or_refused(sign, value, wanted):
    ordered = sign in (">=", "<=", ">", "<")
    condition = Condition("column", sign, "1" if ordered else wanted)
    with contextlib.suppress(EvaluationError):
        found = condition.holds({"column": value})
        assert found is None or isinstance(found, bool)
        if value is None or value == "":
            assert found is (False if sign == "never" else None)


@given(NAMES, st.lists(st.text("abc", min_size=1, max_size=2), max_size=4), st.text("abc", min_size=1, max_size=2))
def test_has_is_membership(name, values, wanted):
    assert holds(f"{name} has {wanted}", {name: values}) is (wanted in values)


@pytest.mark.parametrize("missing", ["nan", "NaN", math.nan])
def test_not_a_number_is_not_a_safe_row(missing):
    """Pandas writes what is missing as `nan`: nobody labelled that, so it must not count as safe."""
    with contextlib.suppress(EvaluationError):
        assert holds("score >= 2", {"score": missing}) is None


def test_a_threshold_that_nothing_reaches_is_refused():
    with pytest.raises(EvaluationError):
        Condition.parse("score >= nan")


def test_has_finds_numbers_in_lists_as_equality_does():
    assert holds("labels == 1", {"labels": 1}) is True
    assert holds("labels has 1", {"labels": [1, 2]}) is True


@pytest.mark.parametrize("source", ["meta.has == 1", "what has been == 1"])
def test_a_column_may_be_called_has(source):
    column = source.removesuffix(" == 1")
    assert Condition.parse(source) == Condition(column, "==", "1")


def test_underscores_make_no_number():
    assert holds("id == 10", {"id": "1_0"}) is False
