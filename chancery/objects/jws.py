"""The one strict profile of signed objects (docs/protocol.md P8).

Every signed object is a compact JWS.  Its reader states beforehand which type it expects and, through the key, which
one algorithm; the token chooses neither.  Segments must re-encode to themselves, so one content has one encoding; sizes
are checked before anything is decoded.

Why not PyJWT, which the project uses elsewhere: it accepts duplicate members, ``NaN``, padded segments and any ``typ``,
so everything except the signature itself would have to be done around it; and it wants a private key object, while
a tenant's signing key may live in a token that only offers ``sign``.  What remains is one call of ``cryptography``.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chancery.crypto.labels import DIGEST
from chancery.crypto.signatures import Signer, VerifyKey
from chancery.errors import InvalidObject
from chancery.objects import limits, strict_json
from chancery.objects.strict_json import JSON
from chancery.texts import message


class Kind(StrEnum):
    """The ``typ`` of every signed object."""

    STATEMENT = "chancery-org"
    DELEGATION = "chancery-delegation"
    ACCOUNT = "chancery-rac"
    LICENSOR = "chancery-clc"
    PUBLISHING = "chancery-pl"
    USE = "chancery-ul"
    USE_BATCH = "chancery-ul-batch"
    EDIT = "chancery-edit"
    BODY = "chancery-body"
    FEED = "chancery-feed"
    PROOF = "chancery-proof"
    REPORT = "chancery-report"


LIMITS: Final[Mapping[Kind, int]] = {
    **dict.fromkeys(Kind, limits.OBJECT),
    Kind.STATEMENT: limits.STATEMENT,
    Kind.PUBLISHING: limits.PUBLISHING_LICENSE,
    Kind.USE_BATCH: limits.USE_LICENSE_BATCH,
    Kind.FEED: limits.FEED,
}
"""The longest token of each kind."""

HEADERS: Final[Mapping[Kind, tuple[frozenset[str], ...]]] = {
    **dict.fromkeys(Kind, (frozenset({"kid"}),)),
    Kind.PUBLISHING: (frozenset({"clc"}), frozenset({"kid"})),
    Kind.BODY: (frozenset({"cert", "delegation"}),),
}
"""Which members besides ``alg`` and ``typ`` a header has.  Anything else, ``jwk``, ``jku``, ``x5c``, ``crit`` and
``zip`` above all, is refused: a token must not bring its own key or change how it is read."""

_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Unverified:
    """A well-formed token whose signature nobody has checked yet; its claims may be used to choose a key only."""

    kind: Kind
    header: Mapping[str, str]
    claims: Mapping[str, JSON]
    signing_input: bytes
    signature: bytes

    @property
    def digest(self) -> bytes:
        """The digest of the object, which does not depend on the signature."""
        return hashlib.sha256(DIGEST + self.signing_input).digest()

    def verify(self, key: VerifyKey) -> None:
        """Raise unless ``key`` signed this token with the key's own algorithm."""
        if self.header["alg"] != key.algorithm.name:
            raise InvalidObject(message("The object names another algorithm than its signer has."))
        key.verify(self.signature, self.signing_input)


def sign(kind: Kind, claims: Mapping[str, JSON], signer: Signer, header: Mapping[str, str] | None = None) -> str:
    """Sign claims; without ``header`` the token names its signer by key id."""
    named = {"kid": b64(signer.verify_key.key_id)} if header is None else header
    if named.keys() not in HEADERS[kind]:
        raise InvalidObject(message("This is not the header of a {kind} object.", kind=kind))
    full: dict[str, JSON] = {"alg": signer.verify_key.algorithm.name, "typ": kind.value, **named}
    signing_input = f"{b64(strict_json.encode(full))}.{b64(strict_json.encode(claims))}"
    token = f"{signing_input}.{b64(signer.sign(signing_input.encode('ascii')))}"
    if len(token) > LIMITS[kind]:
        raise InvalidObject(message("A {kind} object has at most {limit} bytes.", kind=kind, limit=LIMITS[kind]))
    return token


def parse(token: str, kind: Kind) -> Unverified:
    """Check everything about a token but its signature, or raise ``InvalidObject``."""
    if len(token) > LIMITS[kind]:
        raise InvalidObject(message("A {kind} object has at most {limit} bytes.", kind=kind, limit=LIMITS[kind]))
    head, body, tail = _segments(token)
    header = _header(strict_json.decode(unb64(head)), kind)
    claims = strict_json.decode(unb64(body))
    return Unverified(kind, header, claims, f"{head}.{body}".encode("ascii"), unb64(tail))


def digest(token: str) -> bytes:
    """Return SHA-256(L(digest) ‖ signing input) of a compact token."""
    head, body, _ = _segments(token)
    return hashlib.sha256(DIGEST + f"{head}.{body}".encode("ascii")).digest()


def b64(data: bytes) -> str:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """Read base64url that encodes to itself: no padding, no foreign characters, no bits left over."""
    if not _SEGMENT.fullmatch(text):
        raise InvalidObject(message("A segment is not base64url."))
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise InvalidObject(message("A segment is not base64url.")) from None
    if b64(data) != text:
        raise InvalidObject(message("A segment does not encode to itself."))
    return data


def _segments(token: str) -> tuple[str, str, str]:
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():
        raise InvalidObject(message("The object is not a compact JWS."))
    head, body, tail = parts
    if len(head) > limits.HEADER or len(tail) > limits.SIGNATURE_TEXT:
        raise InvalidObject(message("The header or the signature is too long."))
    return head, body, tail


def _header(header: Mapping[str, JSON], kind: Kind) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for name, value in header.items():
        if not isinstance(value, str):
            raise InvalidObject(message("A header member is not a text."))
        texts[name] = value
    if texts.get("typ") != kind.value:
        raise InvalidObject(message("The object is not of type {kind}.", kind=kind.value))
    if "alg" not in texts or texts.keys() - {"alg", "typ"} not in HEADERS[kind]:
        raise InvalidObject(message("The header has a member that is refused, or lacks one."))
    return texts
