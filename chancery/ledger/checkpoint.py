"""Signed checkpoints of the ledger (C2SP tlog-checkpoint over C2SP signed-note, Ed25519).

The note's text is three lines, each ended by a newline: origin, tree size in decimal, root in base64.  After an empty
line follow signature lines ``— <name> <base64(key hash ‖ signature)>``.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519_TYPE: Final = b"\x01"
MAX_NOTE: Final = 16_384
MAX_DIGITS: Final = 19
"""Of a size; more is no number of events, and reading it as one would cost more than it is worth."""


class InvalidCheckpoint(Exception):
    """The note is malformed, for another log, or its signature does not verify."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A statement that the log named ``origin`` had ``size`` leaves and the root ``root``."""

    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """Return the signed text."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n".encode()


def key_hash(name: str, public: bytes) -> bytes:
    """Return the four bytes that name a key on a signature line (C2SP signed-note)."""
    return sha256(name.encode() + b"\n" + ED25519_TYPE + public).digest()[:4]


def verifier_key(name: str, public: bytes) -> str:
    """Return the ``vkey`` text of an Ed25519 log key: name, key hash in hex, type and key in base64."""
    return f"{name}+{key_hash(name, public).hex()}+{base64.b64encode(ED25519_TYPE + public).decode()}"


def parse_verifier_key(vkey: str) -> tuple[str, bytes]:
    """Read a ``vkey`` into name and raw public key; raise InvalidCheckpoint when it is malformed."""
    try:
        name, hashed, encoded = vkey.split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise InvalidCheckpoint("this is not a verifier key") from error
    if raw[:1] != ED25519_TYPE or len(raw) != 33 or key_hash(name, raw[1:]).hex() != hashed:
        raise InvalidCheckpoint("this is not an Ed25519 verifier key")
    return name, raw[1:]


def sign(checkpoint: Checkpoint, *, public: bytes, sign_bytes: Callable[[bytes], bytes]) -> str:
    """Return the signed note; ``sign_bytes`` is the log key's Ed25519 signature over the text."""
    text = checkpoint.text()
    blob = key_hash(checkpoint.origin, public) + sign_bytes(text)
    return f"{text.decode()}\n— {checkpoint.origin} {base64.b64encode(blob).decode()}\n"


def verify(note: str, *, vkey: str) -> Checkpoint:
    """Check the note under the log's verifier key and return what it states; raise InvalidCheckpoint otherwise."""
    name, public = parse_verifier_key(vkey)
    if len(note) > MAX_NOTE:
        raise InvalidCheckpoint("the note is too long")
    text, separator, signatures = note.partition("\n\n")
    checkpoint = _parse(text + "\n")
    if not separator or checkpoint.origin != name:
        raise InvalidCheckpoint("the note is for another log")
    expected = key_hash(name, public)
    for line in signatures.splitlines():
        blob = _signature_of(line, name)
        if blob[:4] == expected:
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(blob[4:], (text + "\n").encode())
            except InvalidSignature as error:
                raise InvalidCheckpoint("the signature does not verify") from error
            return checkpoint
    raise InvalidCheckpoint("the note is not signed by this log")


def states(note: str, checkpoint: Checkpoint) -> bool:
    """Tell whether a note that is known to be genuine states exactly this.

    Notes themselves cannot be compared: anybody may add a signature line to one, or a newline (C2SP signed-note).
    """
    return note.startswith(checkpoint.text().decode() + "\n")


def without_others(note: str) -> str:
    """Return a genuine note with nothing but its text and the signature lines of the log itself."""
    text, _, signatures = note.partition("\n\n")
    name = text.partition("\n")[0]
    own = [line for line in signatures.splitlines() if _signature_of(line, name)]
    return "\n".join([text, "", *own, ""])


def _parse(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] != "":
        raise InvalidCheckpoint("a checkpoint has exactly three lines")
    origin, size, root = lines[:3]
    try:
        raw = base64.b64decode(root, validate=True)
    except binascii.Error as error:
        raise InvalidCheckpoint("the root is not base64") from error
    if not (size.isascii() and size.isdigit() and len(size) <= MAX_DIGITS):
        raise InvalidCheckpoint("the size is malformed")
    if str(int(size)) != size or len(raw) != 32:
        raise InvalidCheckpoint("the size or the root is malformed")
    return Checkpoint(origin, int(size), raw)


def _signature_of(line: str, name: str) -> bytes:
    mark, _, rest = line.partition(" ")
    signer, _, encoded = rest.partition(" ")
    if mark != "—" or signer != name:
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise InvalidCheckpoint("a signature line is malformed") from error
