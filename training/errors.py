"""What can be wrong with the input of a training run."""


class TrainingError(Exception):
    """A corpus, base or run that cannot be used; the message says which part and why."""
