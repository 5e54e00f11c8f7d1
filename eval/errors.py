"""What can be wrong with the input of an evaluation."""


class EvaluationError(Exception):
    """A data file that cannot be used; the message names file and line."""
