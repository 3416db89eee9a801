"""The port to what holds a private encryption key: memory, PKCS#11 token, remote store.

A store offers primitives that such devices have; it never sees a protocol.  Only ``envelope.unseal`` composes them, so
a rule about sealing exists once whatever the store is.  The ``rsa`` suite will add a protocol with ``rsa_decrypt``
here; nothing else changes, because a store states by its methods what it can do.
"""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from chancery.crypto.keys import EncryptionPrivateKey, EncryptionPublicKey
from chancery.errors import CannotUnseal
from chancery.texts import message


class KeyStore(Protocol):
    """What every store tells about a key it holds."""

    def encryption_key(self, kid: bytes) -> EncryptionPublicKey:
        """Return the public half of the key with this id, or raise ``CannotUnseal``."""
        ...


@runtime_checkable
class OpensHpke(Protocol):
    """A store in this process, which lets the library do the whole opening."""

    def hpke_open(self, kid: bytes, blob: bytes, info: bytes) -> bytes:
        """Open a single-shot HPKE message; raise ``CannotUnseal`` when it does not."""
        ...


@runtime_checkable
class Agrees(Protocol):
    """A token that does nothing but Diffie-Hellman with a private key it never shows."""

    def agree(self, kid: bytes, peer: bytes) -> bytes:
        """Return the raw shared secret (the x coordinate) with the peer's raw public key."""
        ...


class SoftwareKeyStore:
    """Private keys in this process, by id."""

    def __init__(self, keys: Iterable[EncryptionPrivateKey] = ()) -> None:
        """Hold these keys."""
        self._keys = {key.key_id: key for key in keys}

    def add(self, key: EncryptionPrivateKey) -> bytes:
        """Hold one more key and return its id."""
        self._keys[key.key_id] = key
        return key.key_id

    def encryption_key(self, kid: bytes) -> EncryptionPublicKey:
        """Return the public half of a key."""
        return self._key(kid).public

    def hpke_open(self, kid: bytes, blob: bytes, info: bytes) -> bytes:
        """Open with the library; errors are mapped by the caller, which is ``envelope.unseal``."""
        return self._key(kid).hpke_open(blob, info)

    def _key(self, kid: bytes) -> EncryptionPrivateKey:
        try:
            return self._keys[kid]
        except KeyError:
            raise CannotUnseal(message("No private key with this id is held here.")) from None
