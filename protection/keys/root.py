"""The root store: the installation's own key and every organization's key-encryption key (docs/protocol.md P14).

The root key comes from the environment and is never written anywhere.  Under it lie small files in the *keyring*, a
folder outside the database and its dumps: one key-encryption key per organization, and the installation's signing key.
Destroying an organization's file makes every private key of that organization unreadable for ever, backups of the
database included; that is what erasing an organization means (crypto-shredding).
"""

import functools
import os
import secrets
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings

from chancery.crypto import aead, bindings
from chancery.crypto.signatures import SigningKey
from chancery.crypto.suites import ED25519
from chancery.errors import CannotUnseal, Unavailable
from chancery.texts import message

INSTALLATION: Final = UUID(int=0)
"""The organization id under which the installation's own key is bound; no organization can have it."""


class KeyDestroyed(Unavailable):
    """The key-encryption key of this organization is gone: destroyed, or its file is missing."""

    code = "key_unavailable"
    remedy = message("If the organization was not erased on purpose, restore the keyring folder from its backup.")


class RootStore:
    """Files of the keyring, each wrapped by the root key and bound to the organization it is for."""

    def __init__(self, root_key: bytes, folder: Path) -> None:
        """Use this root key (32 bytes) and this folder, which is made with mode 0700 when it is missing."""
        self._root_key = root_key
        self._folder = folder

    def create_organization_key(self, organization: UUID) -> bytes:
        """Make and store the key-encryption key of a new organization; the key that exists is kept."""
        return self._create(organization, secrets.token_bytes(aead.KEY_SIZE))

    def organization_key(self, organization: UUID) -> bytes:
        """Return the key-encryption key of an organization.  Raises KeyDestroyed."""
        return self._read(organization)

    def destroy_organization_key(self, organization: UUID) -> None:
        """Overwrite and remove the key-encryption key; nothing wrapped by it can be read again."""
        path = self._path(organization)
        if path.exists():
            path.write_bytes(secrets.token_bytes(path.stat().st_size))
            path.unlink()

    def installation_key(self) -> SigningKey:
        """Return the installation's signing key, made at first use."""
        if not self._path(INSTALLATION).exists():
            self._create(INSTALLATION, SigningKey.generate(ED25519).private_bytes())
        return SigningKey(ED25519, self._read(INSTALLATION))

    def _path(self, organization: UUID) -> Path:
        return self._folder / ("installation.key" if organization == INSTALLATION else f"{organization}.key")

    def _create(self, organization: UUID, key: bytes) -> bytes:
        """Write a new file unless one exists; of two processes that try, both return the key that was kept."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(organization)
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(aead.wrap(self._root_key, key, bindings.organization_key(org=organization)))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            return self._read(organization)
        finally:
            fresh.unlink()
        return key

    def _read(self, organization: UUID) -> bytes:
        try:
            wrapped = self._path(organization).read_bytes()
        except FileNotFoundError:
            raise KeyDestroyed(message("The organization's key-encryption key is not in the keyring.")) from None
        try:
            return aead.unwrap(self._root_key, wrapped, bindings.organization_key(org=organization))
        except CannotUnseal:
            raise Unavailable(
                message("The organization's key-encryption key does not open with this root key."),
                remedy=message("Set CHANCERY_ROOT_KEY to the key this installation was started with."),
            ) from None


@functools.cache
def root_store() -> RootStore:
    """Return the store of this process, as the settings name it."""
    return RootStore(settings.CHANCERY_ROOT_KEY, Path(settings.CHANCERY_KEYRING))


@functools.cache
def installation_key() -> SigningKey:
    """Return the installation's signing key, read once per process: it does not change while one runs."""
    return root_store().installation_key()
