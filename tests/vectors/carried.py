"""Licenses files: layouts right and wrong, and what a device finds in them.

The tokens are short texts: how licenses are verified is the matter of ``objects``.
"""

import hashlib
import struct
from typing import Any
from uuid import UUID

from tests.vectors import forge
from tests.vectors.forge import b64, identifier, seed
from tests.vectors.world import World

MAGIC = b"\x93CHLIC\x01\n"
PL = seed("pl/carried")


def entry(world: World, plain: bytes, name: str, *, pl: bytes = PL, tag_of: bytes | None = None) -> tuple[bytes, ...]:
    """Return nonce, tag and sealed license for Rita's device; ``tag_of`` is another device's key id."""
    public, nonce = world.rita.encryption.public, seed(f"carried/{name}", 16)
    tag = hashlib.sha256(b"chancery/v1/carried-tag\0" + nonce + (tag_of or public.key_id) + pl).digest()[:16]
    info = b"chancery/v1/carried-license\0" + world.org.bytes + pl + nonce
    return nonce, tag, forge.hpke_seal(public, plain, info, f"carried/{name}")


def padded(text: bytes) -> bytes:
    return text + bytes(-len(text) % 1024)


def layout(statements: list[tuple[UUID, bytes]], licenses: list[tuple[bytes, ...]]) -> bytes:
    parts = [MAGIC, struct.pack(">H", len(statements))]
    for org, statement in statements:
        parts += [org.bytes, struct.pack(">I", len(statement)), statement]
    parts.append(struct.pack(">I", len(licenses)))
    for nonce, tag, sealed in licenses:
        parts += [nonce, tag, struct.pack(">I", len(sealed)), sealed]
    return b"".join(parts)


def carried(world: World) -> dict[str, Any]:
    """Return the vectors; a case without ``file`` is the good one with its ``changes``."""
    good = padded(b"license\ndelegation\n")
    mine, theirs = entry(world, good, "mine"), entry(world, good, "theirs", tag_of=world.max.encryption.public.key_id)
    both, one = sorted([mine, theirs]), [(world.org, b"statement")]
    whole, found = layout(one, both), {"license": "license", "delegation": "delegation"}
    two = sorted([*one, (identifier("org/other"), b"x")], key=lambda pair: pair[0].bytes)
    cases: list[dict[str, Any]] = [
        {"name": "good", "expect": "ok", "result": found},
        {"name": "of another document", "pl": b64(seed("pl/x")), "expect": "ok", "result": {"license": None}},
        {"name": "version 2", "expect": "invalid_object", "changes": [{"flip": 6}]},
        {
            "name": "trailing byte",
            "expect": "invalid_object",
            "changes": [{"at": len(whole), "remove": 0, "insert": "AA=="}],
        },
        {"name": "cut off", "expect": "invalid_object", "changes": [{"at": len(whole) - 1, "remove": 1, "insert": ""}]},
        {"name": "too many organizations", "expect": "invalid_object", "changes": [{"flip": 8}]},
        {
            "name": "a changed tag finds nothing",
            "expect": "ok",
            "changes": [{"flip": len(layout(one, [])) + 16 + (0 if both[0] == mine else 36 + len(theirs[2]))}],
            "result": {"license": None},
        },
        {
            "name": "a changed license",
            "expect": "cannot_unseal",
            "changes": [{"flip": len(layout(one, [])) + 36 + 100 + (0 if both[0] == mine else 36 + len(theirs[2]))}],
        },
    ]
    for name, file, expect, result in (
        ("no license at all", layout(one, []), "ok", {"license": None}),
        ("two organizations", layout(two, [mine]), "ok", found),
        ("organizations in the wrong order", layout(two[::-1], [mine]), "invalid_object", {}),
        ("one organization twice", layout(one * 2, [mine]), "invalid_object", {}),
        ("licenses in the wrong order", layout(one, both[::-1]), "invalid_object", {}),
        ("an empty statement", layout([(world.org, b"")], [mine]), "invalid_object", {}),
        ("a statement that is not ASCII", layout([(world.org, b"\xc3\xa4")], [mine]), "invalid_object", {}),
        ("an empty license", layout(one, [(mine[0], mine[1], b"")]), "invalid_object", {}),
        ("another tag", layout(one, [entry(world, good, "tag", pl=seed("pl/x"))]), "ok", {"license": None}),
        ("no padding", layout(one, [entry(world, b"license\ndelegation\n", "bare")]), "invalid_object", {}),
        ("padding of other bytes", layout(one, [entry(world, good[:-1] + b"x", "marked")]), "invalid_object", {}),
        ("too much padding", layout(one, [entry(world, good + bytes(1024), "long")]), "invalid_object", {}),
        ("no delegation", layout(one, [entry(world, padded(b"license\n"), "alone")]), "invalid_object", {}),
    ):
        cases.append({"name": name, "file": b64(file), "expect": expect, **({"result": result} if result else {})})
    device = {"kem": world.rita.encryption.public.kem.name, "private": b64(world.rita.encryption.private_bytes())}
    return {
        "device": {**device, "public": b64(world.rita.encryption.public.raw)},
        "organization": str(world.org),
        "pl": b64(PL),
        "file": b64(whole),
        "cases": cases,
    }
