"""What a leaf of the ledger is, byte for byte (docs/protocol.md P27).

A leaf is the event row and nothing else: UTF-8 JSON, members sorted, no white space, values only strings, integers
and null, at most 4 KiB.  Personal data is not in it but committed to through a salted hash, so that erasing the
personal record leaves the tree verifiable.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID

MAX_LEAF: Final = 4_096
PERSONAL_LABEL: Final = b"chancery/v1/personal\x00"
DETAILS_LABEL: Final = b"chancery/v1/details\x00"

_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

Plain = str | int | bool | None


class InvalidLeaf(Exception):
    """The bytes are not a leaf, or encode to something else."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One event as the tree sees it.  ``received`` is in microseconds since 1970, digests are lower-case hex."""

    id: UUID
    received: int
    kind: str
    outcome: str
    reason: str
    content: UUID | None
    source: str
    details: str | None
    personal: str | None

    def encode(self) -> bytes:
        """Return the canonical bytes.  Raises InvalidLeaf when they exceed 4 KiB."""
        encoded = canonical(
            {
                "content": None if self.content is None else str(self.content),
                "details": self.details,
                "id": str(self.id),
                "kind": self.kind,
                "outcome": self.outcome,
                "personal": self.personal,
                "reason": self.reason,
                "received": self.received,
                "source": self.source,
                "v": 1,
            }
        )
        if len(encoded) > MAX_LEAF:
            raise InvalidLeaf("a leaf holds at most 4 KiB")
        return encoded


def decode(encoded: bytes) -> Leaf:
    """Read a leaf; raise InvalidLeaf unless the bytes are exactly what encoding it gives."""
    try:
        members = json.loads(encoded)
        leaf = Leaf(
            id=UUID(members["id"]),
            received=members["received"],
            kind=members["kind"],
            outcome=members["outcome"],
            reason=members["reason"],
            content=None if members["content"] is None else UUID(members["content"]),
            source=members["source"],
            details=members["details"],
            personal=members["personal"],
        )
        same = leaf.encode() == encoded
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidLeaf("these bytes are not a leaf") from error
    if not same:
        raise InvalidLeaf("these bytes are not the canonical form of a leaf")
    return leaf


def canonical(members: Mapping[str, object]) -> bytes:
    """Return the one encoding used for leaves, personal records and details."""
    return _ENCODER.encode(members).encode()


def personal_commitment(salt: bytes, record: bytes) -> bytes:
    """Return the commitment to a personal record (canonical bytes) under a random salt of 32 bytes."""
    if len(salt) != 32:
        raise ValueError("the salt has 32 bytes")
    return sha256(PERSONAL_LABEL + salt + record).digest()


def columns_agree(record: str, person: UUID | None, device: UUID | None) -> bool:
    """Return whether the columns by which an event is found repeat what its personal record says."""
    members = json.loads(record)
    return all(
        members.get(name) == (None if column is None else str(column))
        for name, column in (("person", person), ("device", device))
    )


def details_digest(details: bytes) -> bytes:
    """Return the digest under which large values (canonical bytes) are kept beside the event."""
    return sha256(DETAILS_LABEL + details).digest()
