"""Sealed files made by hand, byte for byte as the specification says."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chancery.crypto.signatures import SigningKey
from tests.vectors import forge
from tests.vectors.forge import b64, part, seed
from tests.vectors.world import NOW, Member, World, content_id, digest

MAGIC = b"\x93CHNCR\x01\n"
END = b"\x93CHEND\x01\n"


@dataclass(frozen=True)
class Sealed:
    """The parts of one sealed file, so that vectors can name regions instead of offsets."""

    head: bytes
    body: bytes
    leaves: bytes
    seal: str
    license: str
    regions: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def tail(self) -> bytes:
        return self.leaves + self.seal.encode() + forge.FOOTER.pack(len(self.seal), len(self.body), END)

    @property
    def data(self) -> bytes:
        return self.head + self.body + self.tail

    @property
    def digest(self) -> bytes:
        return digest(self.seal)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that makes a file; the defaults make Olga's first edition."""

    world: World
    plaintext: bytes
    name: str
    license: str
    cid: UUID
    key: bytes = field(default_factory=lambda: seed("content-key"))
    notice: bytes = b"This file is protected. Open it with Chancery.\n"
    metadata: dict[str, Any] = field(default_factory=dict)
    signer: SigningKey
    certificate: str
    delegation: str
    seal: dict[str, Any] = field(default_factory=dict)
    """Replacements for members of the seal."""


def olgas(world: World, plaintext: bytes, name: str, **changes: Any) -> Recipe:
    nonce = seed("nonce", 16)
    recipe: dict[str, Any] = {
        "world": world,
        "plaintext": plaintext,
        "name": name,
        "license": world.publishing(world.olga),
        "cid": content_id(world.org, world.olga.signing.key_id, nonce),
        "signer": world.olga.signing,
        "certificate": world.licensor(world.olga),
        "delegation": world.delegation(),
    }
    return Recipe(**(recipe | changes))


def edition(first: Sealed, world: World, member: Member, plaintext: bytes, name: str, **changes: Any) -> Recipe:
    """A second edition of ``first``, by the holder of an edit certificate."""
    base = olgas(world, plaintext, name)
    seal = {"n": 2, "prev": b64(first.digest)} | changes.pop("seal", {})
    certificate = changes.pop("certificate", world.edit(member, first.license, base.cid))
    settings = {"signer": member.signing, "certificate": certificate, "seal": seal} | changes
    return olgas(world, plaintext, name, **settings)


def build(recipe: Recipe) -> Sealed:
    pl = digest(recipe.license)
    metadata = {"v": 1, "name": "plan.txt", "type": "text/plain", "size": len(recipe.plaintext), "mtime": NOW - 5}
    meta = b"".join(
        forge.message(
            recipe.key,
            b"chancery/v1/meta\x00" + pl,
            forge.compact(metadata | recipe.metadata),
            f"meta/{recipe.name}",
        )
    )
    prefix, body = forge.message(recipe.key, b"chancery/v1/body\x00" + pl, recipe.plaintext, f"body/{recipe.name}")
    parts = [MAGIC, part(recipe.notice), part(recipe.license.encode()), part(meta), prefix]
    return finish(recipe, b"".join(parts), body, meta)


def finish(recipe: Recipe, head: bytes, body: bytes, meta: bytes) -> Sealed:
    """Hash and seal whatever head and body there are."""
    hashes = forge.leaf_hashes(body)
    facts = {
        "v": 1,
        "org": str(recipe.world.org),
        "cid": str(recipe.cid),
        "pl": b64(digest(recipe.license)),
        "hdr": b64(forge.sha256(head)),
        "len": len(body),
        "root": b64(forge.merkle_root(hashes)),
        "n": 1,
        "prev": None,
        "iat": NOW + 60,
    }
    header = {"cert": recipe.certificate, "delegation": recipe.delegation}
    seal = forge.token("chancery-body", facts | recipe.seal, recipe.signer, header)
    return Sealed(head, body, b"".join(hashes), seal, recipe.license, _regions(recipe, head, body, meta, seal))


def _regions(recipe: Recipe, head: bytes, body: bytes, meta: bytes, seal: str) -> dict[str, tuple[int, int]]:
    """Offset and length of every region."""
    sizes = [
        ("magic", 8),
        ("notice length", 4),
        ("notice", len(recipe.notice)),
        ("license length", 4),
        ("license", len(recipe.license)),
        ("meta length", 4),
        ("meta", len(meta)),
        ("salt", 24),
        ("commitment", 32),
        ("body", len(body)),
        ("leaf hashes", 32 * len(forge.leaf_hashes(body))),
        ("seal", len(seal)),
        ("seal length", 4),
        ("body length", 8),
        ("end magic", 8),
    ]
    regions: dict[str, tuple[int, int]] = {}
    at = 0
    for name, size in sizes:
        regions[name] = (at, size)
        at += size
    return regions
