"""Vectors of whole files: sizes around every boundary, and every region damaged in every way."""

import base64
from collections.abc import Iterator
from typing import Any

from tests.vectors import forge, sealed
from tests.vectors.forge import LEAF, b64, seed
from tests.vectors.world import NOW, World, content_id, digest

Change = dict[str, Any]
MIB = 1 << 20
SIZES = (0, 1, 16383, 16384, 16385, MIB - 1, MIB, MIB + 1)


def files(worlds: dict[str, World]) -> dict[str, Any]:
    world = worlds["p256"]
    pool = forge.Pool({name: text for other in worlds.values() for name, text in other.pool().items()})
    made: dict[str, Any] = {}
    cases: list[dict[str, Any]] = []
    for size in SIZES:
        _large(made, f"size-{size}", sealed.build(sealed.olgas(world, forge.pattern(size), f"size-{size}")), size)
        cases.append(_ok(f"size-{size}", f"size-{size}", forge.pattern(size)))
    for name, other in worlds.items():
        made[f"small-{name}"] = _small(sealed.build(sealed.olgas(other, b"hello", "small")), name)
        cases.append(_ok(f"small-{name}", f"small-{name}", b"hello", world=name))
    small = sealed.build(sealed.olgas(world, b"hello", "small"))
    cases += _damaged(small)
    cases += _large_damaged(made, world)
    for name, built, expect in _attacks(world, small):
        made[name] = _small(built, "p256")
        cases.append({"name": name, "file": name, "world": "p256", "changes": [], "expect": expect})
    cases.append(_tag_collision(made, world))
    for described in made.values():
        for name in {"bytes", "head", "tail"} & described.keys():
            described[name] = pool.pieces(described[name])
    return {"content_key": b64(seed("content-key")), "files": made, "cases": cases}


def _small(built: sealed.Sealed, world: str) -> dict[str, Any]:
    return {"world": world, "bytes": built.data}


def _large(made: dict[str, Any], name: str, built: sealed.Sealed, size: int) -> None:
    """Large files are head, tail and a rule for the body: byte i of the plaintext is i modulo 251."""
    made[name] = {
        "world": "p256",
        "head": built.head,
        "plain_length": size,
        "tail": built.tail,
    }


def _ok(name: str, file: str, plaintext: bytes, world: str = "p256") -> dict[str, Any]:
    found = b64(forge.sha256(plaintext))
    result = {"sha256": found, "size": len(plaintext), "name": "plan.txt", "type": "text/plain", "mtime": NOW - 5}
    return {"name": name, "file": file, "world": world, "changes": [], "expect": "ok", "result": result}


def _case(name: str, file: str, changes: list[Change], expect: str) -> dict[str, Any]:
    return {"name": name, "file": file, "world": "p256", "changes": changes, "expect": expect}


def _splice(at: int, remove: int = 0, insert: bytes = b"") -> Change:
    return {"at": at, "remove": remove, "insert": base64.b64encode(insert).decode()}


def _damaged(small: sealed.Sealed) -> Iterator[dict[str, Any]]:
    """Every region flipped at both ends; the file cut, extended and padded everywhere."""
    data = small.data
    structural = {"magic", "notice length", "license length", "meta length", "seal length", "body length", "end magic"}
    hashed = {"notice", "meta", "salt", "commitment", "leaf hashes"}
    for region, (start, size) in small.regions.items():
        expect = "invalid_file" if region in structural | hashed | {"body"} else "refused"
        for place, at in (("first", start), ("last", start + size - 1)):
            flipped = _splice(at, 1, bytes([data[at] ^ 1]))
            yield _case(f"flip {region} {place}", "small-p256", [flipped], expect)
        yield _case(f"byte lost in {region}", "small-p256", [_splice(start, 1)], "refused")
        yield _case(f"byte added in {region}", "small-p256", [_splice(start, 0, b"\x00")], "refused")
        yield _case(f"cut before {region}", "small-p256", [_splice(start, len(data) - start)], "invalid_file")
    size = len(data)
    yield _case("byte before", "small-p256", [_splice(0, 0, b"\n")], "invalid_file")
    yield _case("byte after", "small-p256", [_splice(size, 0, b"\n")], "invalid_file")
    yield _case("file twice", "small-p256", [{"twice": True}], "invalid_file")
    yield _case("empty file", "small-p256", [_splice(0, size)], "invalid_file")
    start, length = small.regions["seal"]
    missing = [_splice(start, length + 4, bytes(4))]
    yield _case("seal missing", "small-p256", missing, "invalid_object")
    for region in ("notice length", "license length", "meta length", "seal length"):
        at = small.regions[region][0]
        yield _case(f"huge {region}", "small-p256", [_splice(at, 4, b"\xff" * 4)], "invalid_file")
    at = small.regions["body length"][0]
    yield _case("huge body length", "small-p256", [_splice(at, 8, b"\xff" * 8)], "invalid_file")
    yield _case("body length zero", "small-p256", [_splice(at, 8, bytes(8))], "invalid_file")


def _large_damaged(made: dict[str, Any], world: World) -> Iterator[dict[str, Any]]:
    """Damage that needs more than one chunk or leaf."""
    size = 2 * MIB + 40_000
    large = sealed.build(sealed.olgas(world, forge.pattern(size), "large"))
    _large(made, "large", large, size)
    body, length = large.regions["body"]
    leaves = large.regions["leaf hashes"][0]
    yield _ok("large", "large", forge.pattern(size))
    swap_leaves = {"swap": [body, body + LEAF, LEAF]}
    swap_hashes = {"swap": [leaves, leaves + 32, 32]}
    yield _case("leaves swapped", "large", [swap_leaves], "invalid_file")
    yield _case("leaves swapped with their hashes", "large", [swap_leaves, swap_hashes], "invalid_file")
    yield _case("hashes swapped", "large", [swap_hashes], "invalid_file")
    yield _case("chunks swapped inside a leaf", "large", [{"swap": [body, body + 16400, 16400]}], "invalid_file")
    yield _case("flip in the middle of the body", "large", [{"flip": body + LEAF + 5}], "invalid_file")
    yield _case("flip in the last leaf", "large", [{"flip": body + length - 1}], "invalid_file")
    footer = len(large.data) - 16
    shorter = length - length % 16400
    cut = [
        _splice(body + shorter, length - shorter),
        _splice(footer - (length - shorter), 8, shorter.to_bytes(8, "big")),
    ]
    yield _case("cut at the end of a chunk", "large", cut, "invalid_file")
    gone = 2 * LEAF
    dropped = [
        _splice(leaves + 64, 32),
        _splice(body + gone, length - gone),
        _splice(footer - 32 - (length - gone), 8, gone.to_bytes(8, "big")),
    ]
    yield _case("last leaf dropped", "large", dropped, "invalid_file")


def _attacks(world: World, small: sealed.Sealed) -> Iterator[tuple[str, sealed.Sealed, str]]:
    """Files whose every byte is well formed."""
    olga, mallory, rita = world.olga, world.max, world.rita
    olgas = sealed.olgas(world, b"hello", "small")
    nonce = seed("nonce2", 16)
    own = world.publishing(mallory, nonce=nonce)
    own_cid = content_id(world.org, mallory.signing.key_id, nonce)
    moved = sealed.olgas(
        world,
        b"hello",
        "small",
        license=own,
        cid=own_cid,
        signer=mallory.signing,
        certificate=world.licensor(mallory),
    )
    head = sealed.build(moved).head
    meta_at, meta_size = small.regions["meta"]
    meta = small.data[meta_at : meta_at + meta_size]
    prefix = small.head[-56:]
    moved_head = head[: len(head) - 56 - meta_size] + meta + prefix
    yield "body moved under another license", sealed.finish(moved, moved_head, small.body, meta), "cannot_unseal"
    kept = sealed.Sealed(sealed.build(moved).head, small.body, small.leaves, small.seal, own)
    yield "body moved with its seal", kept, "invalid_file"
    yield "sealed by a reader", sealed.build(_by(olgas, mallory.signing, world.licensor(mallory))), "wrong_binding"
    second = sealed.build(sealed.edition(small, world, rita, b"hello again", "small2"))
    yield "second edition", second, "ok"
    old = sealed.Sealed(second.head, second.body, second.leaves, small.seal, small.license)
    yield "new edition under the old seal", old, "invalid_file"
    named = sealed.olgas(world, b"hello", "small", seal={"pl": b64(seed("x"))})
    yield "seal for another license", sealed.build(named), "invalid_file"
    other_key = sealed.olgas(world, b"hello", "small5", key=seed("another content key"))
    yield "sealed with another content key", sealed.build(other_key), "cannot_unseal"
    for name, changes in (
        ("size", {"size": 6}),
        ("name", {"name": "../plan.txt"}),
        ("member", {"path": "/etc"}),
        ("version", {"v": 2}),
    ):
        lying = sealed.olgas(world, b"hello", f"meta-{name}", metadata=changes)
        yield f"metadata with a wrong {name}", sealed.build(lying), "invalid_file"
    yield "notice not UTF-8", sealed.build(sealed.olgas(world, b"hello", "small", notice=b"\xff")), "invalid_file"
    online = world.publishing(olga, signer=world.issuing, header={"kid": b64(world.issuing.key_id)})
    online_cid = content_id(world.org, world.issuing.key_id, seed("nonce", 16))
    yield (
        "published online",
        sealed.build(
            sealed.olgas(
                world,
                b"hello",
                "online",
                license=online,
                cid=online_cid,
                certificate=world.edit(olga, online, online_cid),
            )
        ),
        "ok",
    )


def _by(recipe: sealed.Recipe, signer: Any, certificate: str) -> sealed.Recipe:
    return sealed.Recipe(**(vars(recipe) | {"signer": signer, "certificate": certificate}))


def _tag_collision(made: dict[str, Any], world: World) -> dict[str, Any]:
    """A reader changes the text and keeps the GCM tag; only the leaf hash tells."""
    plaintext = b"Pay 100 to Olga." + bytes(16)
    built = sealed.build(sealed.olgas(world, plaintext, "collision"))
    made["collision"] = _small(built, "p256")
    context = b"chancery/v1/body\x00" + digest(built.license)
    change = bytes(a ^ b for a, b in zip(b"Pay 100 to Olga.", b"Pay 999 to Maxx.", strict=True))
    forged = forge.same_tag(seed("content-key"), context, built.head[-56:], built.body, change)
    at, size = built.regions["body"]
    return _case("same tag, other text", "collision", [_splice(at, size, forged)], "invalid_file")
