"""From a message to the token ids that the model reads."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from classifier.message import Message, Role
from classifier.normalise import normalise

_SPEAKER = {Role.SELF: "ik:", Role.PEER: "ander:"}


@dataclass(frozen=True)
class EncodingSettings:
    """How messages become token ids; part of the bundle's manifest.

    Attributes:
        start: Id of the token that opens every input (``<s>`` or ``[CLS]``).
        end: Id of the token that closes the message and every context turn (``</s>`` or ``[SEP]``).
        prefix: Text before the message, as the base encoder expects it (E5: ``query:``).
        window: Most message tokens in one input; longer messages are read in several windows.
        overlap: Tokens that neighbouring windows share.
        context_tokens: Most tokens for all context turns together, trimmed from the oldest.
    """

    start: int
    end: int
    prefix: str = ""
    window: int = 256
    overlap: int = 64
    context_tokens: int = 128

    @property
    def longest(self) -> int:
        """Most tokens of one input, for the check against the encoder's positions; the prefix counts as 8."""
        return self.context_tokens + self.window + 8 + 2

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the manifest."""
        return asdict(self)

    @classmethod
    def from_dict(cls, source: Mapping[str, Any]) -> "EncodingSettings":
        """The inverse of `as_dict`."""
        return cls(**source)


@dataclass(frozen=True)
class Window:
    """One input of the model.

    Attributes:
        ids: Token ids, shape (tokens,), int64: start, context turns oldest first, then prefix and message.
        message_mask: Shape (tokens,), float32: 1 on the prefix, the message and its end; 0 on start and context.
            The model averages its states over the ones only, so context explains a message but is not judged.
    """

    ids: NDArray[np.int64]
    message_mask: NDArray[np.float32]


class MessageEncoder:
    """Turns messages into windows of token ids."""

    def __init__(self, tokenizer: Tokenizer, settings: EncodingSettings) -> None:
        self.settings = settings
        self._tokenizer = tokenizer
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = True  # a typed "</s>" is text, not the end of the message
        self._prefix = self._ids(settings.prefix) if settings.prefix else []

    def encode(self, message: Message) -> list[Window]:
        """Return one window, or several overlapping ones when the message is longer than a window.

        The message itself is never shortened; context is.
        """
        settings = self.settings
        head = [settings.start, *self._context(message)]
        ids = self._ids(normalise(message.text))
        step = settings.window - settings.overlap
        starts = range(0, max(1, len(ids) - settings.overlap), step)
        return [self._window(head, ids[start : start + settings.window]) for start in starts]

    def _window(self, head: list[int], part: list[int]) -> Window:
        body = [*self._prefix, *part, self.settings.end]
        mask = np.ones(len(head) + len(body), dtype=np.float32)
        mask[: len(head)] = 0.0
        return Window(np.array(head + body, dtype=np.int64), mask)

    def _context(self, message: Message) -> list[int]:
        ids: list[int] = []
        for turn in reversed(message.context):
            room = self.settings.context_tokens - len(ids)
            text = normalise(turn.text)
            part = [*self._ids(f"{_SPEAKER[turn.role]} {text}"), self.settings.end]
            if len(part) > room:
                # The end of the turn stays, and who spoke; without any word of it, it is left out.
                speaker = self._ids(_SPEAKER[turn.role])
                words = room - len(speaker) - 1
                return [*speaker, *self._ids(text)[-words:], self.settings.end, *ids] if words > 0 else ids
            ids = part + ids
        return ids

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)
