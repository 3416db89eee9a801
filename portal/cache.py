"""The cache in Redis: nothing in it can be used by who reads it, and nothing is believed that somebody else wrote.

Codes of clients and devices wait in it for seconds to minutes, under names that hold the codes.  So a name is kept as a
keyed hash, and a value sealed and bound to its name; both keys come from the root key, which is kept outside of Redis.
Whole numbers stay readable: they are counters, which Redis itself raises.
"""

import functools
import hashlib
import hmac
import pickle
from typing import Any, Final

from django.conf import settings
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.redis import RedisCache

from chancery.crypto import aead, labels
from chancery.errors import CannotUnseal

_NOTHING: Final = object()


class PassThroughSerializer:
    """Passes on whole numbers and bytes; everything else was made into bytes before."""

    def dumps(self, value: int | bytes) -> int | bytes:
        """Return what is written."""
        return value

    def loads(self, data: bytes) -> int | bytes:
        """Return a counter as a number, anything else as it was written."""
        try:
            return int(data)
        except ValueError:
            return data


class SealedCache(RedisCache):
    """The library's cache with hashed names and sealed values."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {**params.get("OPTIONS", {}), "serializer": PassThroughSerializer}
        super().__init__(server, {**params, "OPTIONS": options})

    def make_key(self, key: str, version: int | None = None) -> str:
        """Return the keyed hash under which a name is kept."""
        plain = super().make_key(key, version)
        return f"{self.key_prefix}:{hmac.new(_key(b'name'), plain.encode(), hashlib.sha256).hexdigest()}"

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep a value unless there is one."""
        return bool(super().add(key, self._sealed(key, value, version), timeout, version))

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Keep a value."""
        super().set(key, self._sealed(key, value, version), timeout, version)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return a value, or the default where there is none that was written under this name by the service."""
        found = super().get(key, _NOTHING, version)
        if found is _NOTHING:
            return default
        if isinstance(found, int):
            return found
        try:
            plain = aead.unwrap(_key(b"value"), found, self._name(key, version))
        except CannotUnseal:
            return default
        return pickle.loads(plain)  # noqa: S301  # only the service can have sealed it

    # The library's own versions speak to Redis directly.
    get_many = BaseCache.get_many
    set_many = BaseCache.set_many

    def _sealed(self, key: str, value: Any, version: int | None) -> int | bytes:
        if type(value) is int:
            return value
        return aead.wrap(_key(b"value"), pickle.dumps(value), self._name(key, version))

    def _name(self, key: str, version: int | None) -> bytes:
        return labels.CACHE + self.make_key(key, version).encode()


@functools.cache
def _key(use: bytes) -> bytes:
    return hmac.new(settings.CHANCERY_ROOT_KEY, labels.CACHE + use, hashlib.sha256).digest()
