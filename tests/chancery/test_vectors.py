"""The Python implementation against the vectors; ``tests/interop`` runs the same ones in JavaScript."""

import hashlib
import io
import json
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chancery.crypto import aead, bindings, envelope, labels
from chancery.crypto.content import PREFIX, ChunkCipher, decrypt_small
from chancery.crypto.keys import EncryptionPrivateKey, key_id
from chancery.crypto.signatures import SigningKey, VerifyKey
from chancery.crypto.store import SoftwareKeyStore
from chancery.crypto.suites import KEMS, kem_named, signature_named
from chancery.errors import InvalidFile
from chancery.ledger import merkle
from chancery.objects import jws, strict_json
from chancery.objects.feed import pair_id
from chancery.objects.jws import b64, unb64
from chancery.objects.licenses_file import LicensesFile
from chancery.objects.publishing import content_id
from chancery.objects.trust import Chain
from chancery.policy.policy import parse_policy
from chancery.sealing.read import open_sealed
from tests.chancery.runner import Verifier, changed, file_bytes, open_file, outcome
from tests.vectors import generate

VECTORS = Path(generate.__file__).parent


@cache
def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def named(cases: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def same(expected: str, found: str) -> bool:
    """``refused`` stands for any refusal, where the order of checks decides which one comes first."""
    return found != "ok" if expected == "refused" else found == expected


def test_generating_again_gives_the_same_vectors() -> None:
    for name, document in generate.documents().items():
        assert generate.render(document) == (VECTORS / name).read_text(encoding="utf-8"), name


def test_the_vectors_stay_small() -> None:
    assert sum(path.stat().st_size for path in VECTORS.glob("*.json")) < 320_000


@named(load("objects.json")["cases"])
def test_objects(case: dict[str, Any]) -> None:
    found, result = outcome(Verifier(load("objects.json"), case).run)
    assert same(case["expect"], found)
    for name, value in case.get("result", {}).items():
        assert result[name] == value


@named(load("files.json")["cases"])
def test_files(case: dict[str, Any]) -> None:
    document = load("files.json")
    verifier = Verifier(load("objects.json"), {"world": case["world"]})
    data, chain = file_bytes(document, case, load("objects.json")["pool"]), Chain.of(verifier.statement())
    found, result = outcome(lambda: open_file(data, chain, unb64(document["content_key"])))
    assert same(case["expect"], found)
    for name, value in case.get("result", {}).items():
        assert result[name] == value


def test_a_wrong_size_is_noticed_before_anything_is_released() -> None:
    document = load("files.json")
    (case,) = (case for case in document["cases"] if case["name"] == "metadata with a wrong size")
    chain = Chain.of(Verifier(load("objects.json"), {"world": "p256"}).statement())
    with (
        open_sealed(io.BytesIO(file_bytes(document, case, load("objects.json")["pool"]))) as file,
        pytest.raises(InvalidFile),
    ):
        file.verify(chain).unlock(unb64(document["content_key"]))


@named(load("jws.json")["cases"])
def test_profile(case: dict[str, Any]) -> None:
    key = VerifyKey.named(case["key"]["alg"], unb64(case["key"]["public"]))

    def run() -> dict[str, Any]:
        jws.parse(case["token"], jws.Kind(case["typ"])).verify(key)
        return {}

    assert outcome(run)[0] == case["expect"]


@named(load("policies.json")["cases"])
def test_policies(case: dict[str, Any]) -> None:
    def run() -> dict[str, Any]:
        return {"ends": [grant.until for grant in parse_policy(case["policy"]).grants]}

    assert outcome(run) == (case["expect"], case.get("result", {}))


@named(load("primitives.json")["signatures"])
def test_signatures(case: dict[str, Any]) -> None:
    def run() -> dict[str, Any]:
        VerifyKey.named(case["alg"], unb64(case["public"])).verify(unb64(case["signature"]), unb64(case["message"]))
        return {}

    assert outcome(run)[0] == case["expect"]


@named(load("primitives.json")["sealed"])
def test_sealed_blobs(case: dict[str, Any]) -> None:
    key = EncryptionPrivateKey(kem_named(case["kem"]), unb64(case["private"]))
    assert key.public.raw == unb64(case["public"])

    def run() -> dict[str, Any]:
        blob, info = unb64(case["blob"]), unb64(case["info"])
        return {"plaintext": envelope.unseal(SoftwareKeyStore([key]), key.key_id, blob, info)}

    found, result = outcome(run)
    assert found == case["expect"]
    assert found != "ok" or result["plaintext"] == unb64(case["plaintext"])


@named(load("primitives.json")["wrapped"])
def test_wrapped_keys(case: dict[str, Any]) -> None:
    def run() -> dict[str, Any]:
        return {"plaintext": aead.unwrap(unb64(case["key"]), unb64(case["blob"]), unb64(case["aad"]))}

    found, result = outcome(run)
    assert found == case["expect"]
    assert found != "ok" or result["plaintext"] == unb64(case["plaintext"])


@pytest.mark.parametrize("case", load("primitives.json")["json"])
def test_json_profile(case: dict[str, str]) -> None:
    data = unb64(case["text"])

    def run() -> dict[str, Any]:
        return {"again": strict_json.encode(strict_json.decode(data))}

    found, result = outcome(run)
    assert found == case["expect"]
    assert found != "ok" or result["again"] == data


@named(load("primitives.json")["keys"])
def test_key_ids(case: dict[str, str]) -> None:
    private = unb64(case["private"])
    if case["name"] in KEMS:
        public = EncryptionPrivateKey(kem_named(case["name"]), private).public.raw
    else:
        public = SigningKey(signature_named(case["name"]), private).verify_key.raw
    assert (b64(public), b64(key_id(public))) == (case["public"], case["key_id"])


def test_hashes() -> None:
    hashes = load("primitives.json")["hashes"]
    made = hashes["content_id"]
    cid = content_id(org=UUID(made["org"]), signer=unb64(made["signer"]), nonce=unb64(made["nonce"]))
    assert (str(cid), cid.version) == (made["cid"], 8)
    assert b64(jws.digest(hashes["digest"]["token"])) == hashes["digest"]["digest"]
    pair = hashes["pair"]
    assert b64(pair_id(unb64(pair["document"]), unb64(pair["person"]))) == pair["id"]
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(9)]
    assert [b64(merkle.root_of(leaves[:count])) for count in range(1, 10)] == hashes["roots"]


def test_bindings() -> None:
    for case in load("primitives.json")["bindings"]:
        ids = case["values"]
        values: dict[str, Any] = {name: UUID(ids[name]) for name in ("org", "cid", "dev", "jti")}
        values |= {"kid": unb64(ids["kid"]), "device_key_id": unb64(ids["kid"]), "seal_digest": unb64(ids["seal"])}
        values |= {"n": case["n"], "use": "enc"}
        build = getattr(bindings, case["name"].replace("-", "_"))
        wanted = build.__annotations__.keys() - {"return"}
        assert build(**{name: values[name] for name in wanted}) == unb64(case["bytes"]), case["name"]


def test_messages() -> None:
    for case in load("primitives.json")["messages"]:
        key, context, salt = unb64(case["key"]), unb64(case["context"]), unb64(case["salt"])
        plain = (bytes(range(251)) * (case["length"] // 251 + 1))[: case["length"]]
        cipher = ChunkCipher(key, context, salt)
        chunks = [cipher.seal(at // 16384, plain[at : at + 16384]) for at in range(0, case["length"] + 1, 16384)]
        message = salt + cipher.commitment + b"".join(chunks)
        assert b64(hashlib.sha256(message).digest()) == case["sha256"]
        assert message.startswith(unb64(case["begins"]))
        assert decrypt_small(key, context, message) == plain
        assert ChunkCipher.for_prefix(key, context, message[:PREFIX]).open(0, chunks[0]) == plain[:16384]


def test_no_label_begins_another() -> None:
    assert len(set(labels.ALL)) == len(labels.ALL)
    for label in labels.ALL:
        assert label.startswith(b"chancery/v1/")
        assert label.endswith(b"\0")
        assert label.count(b"\0") == 1


@named(load("licenses.json")["cases"])
def test_licenses_files(case: dict[str, Any]) -> None:
    document = load("licenses.json")
    found, result = outcome(lambda: carried_license(document, case))
    assert same(case["expect"], found)
    for name, value in case.get("result", {}).items():
        assert result[name] == value


def carried_license(document: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    key = EncryptionPrivateKey(kem_named(document["device"]["kem"]), unb64(document["device"]["private"]))
    pl, own = unb64(case.get("pl", document["pl"])), key.public.key_id
    data = changed(unb64(case.get("file", document["file"])), case.get("changes", []))
    file = LicensesFile.decode(data)
    assert file.encode() == data, "one content has one form"
    for one in file.licenses_for(own, pl):
        opened = one.open(SoftwareKeyStore([key]), own, org=UUID(document["organization"]), pl=pl)
        return {"license": opened.token, "delegation": opened.delegation}
    return {"license": None}
