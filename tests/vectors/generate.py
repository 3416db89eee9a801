"""Write the vectors: ``python -m tests.vectors.generate``.

Everything depends on names only, so a second run writes the same bytes.  The one exception is the hybrid key
encapsulation, which takes no randomness as an argument: its blobs are kept in ``frozen.json`` and sealed anew only for
``--freeze``.
"""

import json
import sys
from pathlib import Path
from typing import Any

from chancery.crypto import bindings
from chancery.crypto.envelope import seal
from chancery.crypto.suites import HYBRID, MLKEM768_X25519, P256_SUITE
from tests.vectors import carried, files, forge, objects, policies, primitives
from tests.vectors.world import World, content_id

HERE = Path(__file__).parent


def worlds(frozen: dict[str, str]) -> dict[str, World]:
    return {"p256": World(P256_SUITE, "contoso", frozen), "hybrid": World(HYBRID, "contoso", frozen)}


def documents() -> dict[str, Any]:
    """Return every file of vectors by name."""
    frozen = json.loads((HERE / "frozen.json").read_text(encoding="utf-8"))
    cast = worlds(frozen)
    hostile = World(P256_SUITE, "mallory", frozen)
    return {
        "primitives.json": primitives.primitives(frozen),
        "jws.json": objects.profile(),
        "objects.json": objects.objects(cast, hostile),
        "files.json": files.files(cast),
        "policies.json": {"cases": policies.cases()},
        "licenses.json": carried.carried(cast["p256"]),
    }


def render(document: Any) -> str:
    """Return the text of one file: one case on each line, so that a change can be read."""
    return "{\n" + ",\n".join(f"{_text(name)}: {_lines(value)}" for name, value in document.items()) + "\n}\n"


def _lines(value: Any) -> str:
    if isinstance(value, list):
        return "[\n" + ",\n".join(map(_text, value)) + "\n]"
    if isinstance(value, dict):
        return "{\n" + ",\n".join(f"{_text(name)}: {_text(item)}" for name, item in value.items()) + "\n}"
    return _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def freeze() -> None:
    """Seal the hybrid blobs anew."""
    world = worlds({})["hybrid"]
    cid = content_id(world.org, world.olga.signing.key_id, forge.seed("nonce", 16))
    public = world.tenant_encryption.public
    info = bindings.pl_envelope(org=world.org, cid=cid, kid=public.key_id)
    key = forge.encryption_key(MLKEM768_X25519, "primitive").public
    blobs = {
        f"contoso/envelope/{cid}": seal(public, world.envelope(world.olga), info).hex(),
        "primitive": seal(key, b"thirty-two bytes of a secret key", b"chancery vectors info").hex(),
    }
    (HERE / "frozen.json").write_text(render(blobs), encoding="utf-8")


def main() -> None:
    if "--freeze" in sys.argv[1:]:
        freeze()
    for name, document in documents().items():
        (HERE / name).write_text(render(document), encoding="utf-8")


if __name__ == "__main__":
    main()
