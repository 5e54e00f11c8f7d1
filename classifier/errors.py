"""The errors that Vangnet raises on purpose.

    VangnetError
    ├── MessageError           a message breaks a limit; names the field, never its content
    ├── PolicyError            a policy document is wrong or belongs to other labels
    └── BundleError            a model bundle cannot be used
        ├── BundleMissing      the folder or a file in it is not there
        ├── BundleTruncated    a file is shorter or longer than the manifest says
        ├── BundleTampered     a file has the right size and the wrong SHA-256
        └── BundleMismatch     parts do not belong together, or to this version of the software

No error carries the text of a message.
"""


class VangnetError(Exception):
    """Base of every error that Vangnet raises on purpose."""


class MessageError(VangnetError):
    """A message breaks a limit.

    Attributes:
        field: Path of the field, such as ``text`` or ``context[2].role``.
        problem: What is wrong, with the limit, without the content.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class PolicyError(VangnetError):
    """A policy document is malformed or names labels that do not exist."""


class BundleError(VangnetError):
    """A model bundle cannot be used."""


class BundleMissing(BundleError):
    """The bundle folder or one of its files does not exist."""


class BundleTruncated(BundleError):
    """A file's length differs from the manifest's."""


class BundleTampered(BundleError):
    """A file's SHA-256 differs from the manifest's."""


class BundleMismatch(BundleError):
    """The bundle's parts disagree with each other or with this software."""
