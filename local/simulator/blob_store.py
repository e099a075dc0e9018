"""The blobs that signed URLs open, for an hour of the virtual clock."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from datetime import timedelta

from .clock import VirtualClock

_URL_LIFETIME = timedelta(hours=1)


class BlobStore:
    """Blobs by name, and the signatures that open them."""

    def __init__(self, clock: VirtualClock, key: bytes) -> None:
        self.contents: dict[str, bytes] = {}
        self._clock = clock
        self._key = key

    def signed_url(self, base_url: str, name: str) -> str:
        """Where a blob can be read and written."""
        ends = int((self._clock.now() + _URL_LIFETIME).timestamp())
        return f"{base_url}/blobs/{name}?sv=2024-11-04&se={ends}&sp=rw&sig={self._signature(name, str(ends))}"

    def opens(self, name: str, ends: str, signature: str) -> bool:
        """True while the signature is good."""
        fits = hmac.compare_digest(signature.encode(), self._signature(name, ends).encode())
        return fits and int(ends) > self._clock.now().timestamp()

    def clear(self) -> None:
        """Forget all blobs."""
        self.contents.clear()

    def _signature(self, name: str, ends: str) -> str:
        return hmac.new(self._key, f"{name} {ends}".encode(), hashlib.sha256).hexdigest()


def name_of(*parts: str) -> str:
    """The name of a blob that belongs to these parts: the same each time."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(parts)).hex
