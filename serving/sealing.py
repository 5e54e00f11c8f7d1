"""What is remembered of messages is encrypted, and filed under names that tell nothing."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from classifier.errors import VangnetError


class SealingError(VangnetError):
    """A key cannot be used; the error never shows it."""


class Sealing:
    """Seals with the first key and opens with all, so that keys can rotate: add a new one in front.

    Names come from the last key, so that they stay when one is added. When the last key is taken away, what was filed
    before is no longer found, and ends with its time to live.

    Args:
        keys: Fernet keys, each 32 bytes in URL-safe base64 (44 characters), newest first.

    Raises:
        SealingError: There is no key, or one is not of that form; names the setting and the position.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise SealingError("VANGNET_SECRETS: needs at least one key")
        self._fernet = MultiFernet([_fernet(position, key) for position, key in enumerate(keys, 1)])
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"vangnet names")
        self._naming = derive.derive(urlsafe_b64decode(keys[-1]))

    @classmethod
    def ephemeral(cls) -> "Sealing":
        """With a key that nobody knows and that ends with this process."""
        return cls([Fernet.generate_key().decode()])

    def seal(self, content: bytes) -> bytes:
        """Encrypt and sign; the length of the content shows."""
        return self._fernet.encrypt(content)

    def open(self, sealed: bytes) -> bytes | None:
        """What was sealed; None when no key opens it, or it was changed."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            return None

    def pack(self, values: dict[str, Any]) -> bytes:
        """Seal as JSON."""
        return self.seal(json.dumps(values).encode())

    def unpack(self, entries: Iterable[bytes]) -> Iterator[dict[str, Any]]:
        """What was packed, in order; what no key opens is as good as forgotten and left out."""
        for sealed in entries:
            if (content := self.open(sealed)) is not None:
                yield json.loads(content)

    def name(self, *parts: str) -> str:
        """The same 64 hexadecimal digits for the same parts, from which nobody without the key finds the parts."""
        return hmac.new(self._naming, json.dumps(parts).encode(), hashlib.sha256).hexdigest()


def _fernet(position: int, key: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        # From None: the library's own error could carry the key.
        raise SealingError(
            f"VANGNET_SECRETS: key {position} is not 32 bytes in URL-safe base64 (44 characters)"
        ) from None
