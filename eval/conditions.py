"""Conditions of suite files, such as ``SelfHarm >= 1.5``: what makes a row true for a target."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from eval.errors import EvaluationError

# Signs go first, so that a column may be called `what has been`.
_FORMS = (
    re.compile(r"(?P<column>[^<>=!]+?)\s*(?P<operator>>=|<=|==|!=|>|<)\s*(?P<value>.+)"),
    re.compile(r"(?P<column>[^<>=!]+?)\s+(?P<operator>has)\s+(?P<value>.+)"),
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": lambda value, wanted: value >= wanted,
    "<=": lambda value, wanted: value <= wanted,
    ">": lambda value, wanted: value > wanted,
    "<": lambda value, wanted: value < wanted,
}
NEVER = "never"
"""The condition of a set in which nothing is risky."""
YES, NO = frozenset({"1", "1.0", "true", "yes", "ja", "y", "j"}), frozenset({"0", "0.0", "false", "no", "nee", "n"})


@dataclass(frozen=True)
class Condition:
    """One comparison of a column with a constant.

    Attributes:
        column: Name of the column; dots lead into nested objects (``Annotations.SelfHarm``).
        operator: ``>=``, ``<=``, ``>``, ``<``, ``==``, ``!=``, ``has`` (a list holds the value; ``has any``: it holds
            something), ``says`` (yes or no in a usual word) or ``never``.
        value: A number for the orderings, otherwise a text.
    """

    column: str
    operator: str
    value: str = ""

    @classmethod
    def parse(cls, source: str) -> "Condition":
        """Read ``column operator value``, or ``never``.

        Raises:
            EvaluationError: It has another form, or orders by something that is not a number.
        """
        if source.strip() == NEVER:
            return cls("", NEVER)
        form = next(filter(None, (form.fullmatch(source.strip()) for form in _FORMS)), None)
        if form is None:
            raise EvaluationError(f"condition: must be like 'SelfHarm >= 1.5', 'labels has x' or '{NEVER}'")
        condition = cls(form["column"].strip(), form["operator"], form["value"].strip().strip("'\""))
        if condition.operator in _COMPARE and not math.isfinite(number_of(condition.value, "condition")):
            raise EvaluationError("condition: must compare with a finite number")
        return condition

    def holds(self, row: Mapping[str, Any]) -> bool | None:
        """Whether it is true of a row; None where the column is missing, empty or not a number (NaN): nobody labelled that.

        Raises:
            EvaluationError: The column holds something that cannot be compared.
        """
        if self.operator == NEVER:
            return False
        found = value_of(row, self.column)
        if is_missing(found):
            return None
        if self.operator == "has":
            if not isinstance(found, list | tuple):
                raise EvaluationError(f"{self.column}: must be a list")
            return bool(found) if self.value == "any" else any(_same(one, self.value) for one in found)
        if self.operator == "says":
            word = str(found).strip().lower()
            if word not in YES | NO:
                raise EvaluationError(f"{self.column}: must be 1 or 0, true or false, yes or no, ja or nee")
            return word in YES
        if self.operator in ("==", "!="):
            return _same(found, self.value) == (self.operator == "==")
        number = number_of(found, self.column)
        return None if math.isnan(number) else _COMPARE[self.operator](number, float(self.value))


def value_of(row: Mapping[str, Any], column: str, default: Any = None) -> Any:
    """The value of a column; dots lead into nested objects. The default where the row has no such column."""
    if column in row:
        return row[column]
    value: Any = row
    for part in column.split("."):
        value = value.get(part, default) if isinstance(value, Mapping) else default
    return value


def is_missing(value: Any) -> bool:
    """Whether a value says nothing: None, an empty text, or NaN, which pandas writes for what is missing."""
    return value is None or value == "" or value != value


def number_of(value: Any, field: str) -> float:
    """A number, also from a text.

    Raises:
        EvaluationError: It is none; the message names the field.
    """
    try:
        if isinstance(value, str) and "_" in value:
            raise ValueError  # Python's own notation: 1_0 is an id, not ten
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise EvaluationError(f"{field}: must be a number") from None


def _same(found: Any, wanted: str) -> bool:
    if isinstance(found, bool):
        return str(found).lower() == wanted.lower() or str(int(found)) == wanted
    if str(found) == wanted:
        return True
    try:
        # A CSV file has texts alone, so 1 and 1.0 should be the same there too.
        return number_of(found, "value") == number_of(wanted, "condition")
    except EvaluationError:
        return False
