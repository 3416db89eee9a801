"""What an application signs in with: a secret, or a private key that signs an assertion each time (RFC 7523)."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chancery.sdk.errors import Misused
from chancery.texts import message

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECONDS: Final = 120
"""How long an assertion is good; it is sent at once."""


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A secret, the text of a private key, or the file where that is; one of the three.

    A file is read for each sign-in, so a new key in its place is used from then on.
    """

    secret: str = ""
    text: str = ""
    file: str = ""

    @classmethod
    def of(cls, key: Path | str) -> Self:
        """Return a private key: a path names its file, anything else is its text as PEM."""
        return cls(file=str(key.absolute())) if isinstance(key, Path) else cls(text=key)

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Self:
        """Return what was kept; empty for people, who sign in otherwise."""
        return cls(str(record.get("secret", "")), str(record.get("key", "")), str(record.get("key_file", "")))

    def __bool__(self) -> bool:
        """Tell whether an application signs in by this."""
        return bool(self.secret or self.text or self.file)

    def as_record(self) -> dict[str, str]:
        """Return what is kept."""
        return {"secret": self.secret, "key": self.text, "key_file": self.file}

    def form(self, client_id: str, token_endpoint: str) -> dict[str, str]:
        """Return the fields that sign a client in at a token endpoint.  Raises Misused for what is no private key."""
        if self.secret:
            return {"client_secret": self.secret}
        key, algorithm = _loaded(self._pem())
        now = int(time.time())
        claims = {"iss": client_id, "sub": client_id, "aud": token_endpoint, "jti": str(uuid.uuid4())}
        signed = jwt.encode({**claims, "iat": now, "exp": now + SECONDS}, key, algorithm=algorithm)
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}

    def _pem(self) -> str:
        if not self.file:
            return self.text
        try:
            return Path(self.file).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise Misused(
                message("The private key cannot be read: {file}", file=self.file),
                remedy=message("Name a file with a private key as PEM."),
            ) from error


NO_KEY: Final = ClientKey()
"""What people sign in with here: nothing."""


def _loaded(text: str) -> tuple[Any, str]:
    """Return a private key and the algorithm that it signs with.  Raises Misused."""
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Misused(
            message("This is not a private key that the application can use."),
            remedy=message("Give a private key as PEM, without a password."),
        ) from error
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key, "EdDSA"
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key, "ES256"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return key, "PS256"
    raise Misused(
        message("Applications cannot sign in with a key of this kind."),
        remedy=message("Make one that is Ed25519, P-256, or RSA of at least 2048 bits."),
    )
