"""Vectors of hashes, keys, signatures, sealed blobs, chunked encryption and the JSON profile."""

import hashlib
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chancery.crypto import bindings
from chancery.crypto.suites import ED25519, ES256, MLKEM768_X25519, P256, X25519
from tests.vectors import forge
from tests.vectors.forge import b64, identifier, seed
from tests.vectors.world import content_id

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def primitives(frozen: dict[str, str]) -> dict[str, Any]:
    return {
        "keys": _keys(),
        "hashes": _hashes(),
        "bindings": _bindings(),
        "signatures": _signatures(),
        "sealed": _sealed(frozen),
        "wrapped": _wrapped(),
        "messages": _messages(),
        "json": _json(),
    }


def _keys() -> list[dict[str, str]]:
    cases = []
    for kem in (P256, X25519, MLKEM768_X25519):
        key = forge.encryption_key(kem, "primitive")
        cases.append({"name": kem.name, "private": b64(key.private_bytes()), "public": b64(key.public.raw)})
    for algorithm in (ED25519, ES256):
        signer = forge.signing_key(algorithm, "primitive")
        cases.append(
            {"name": algorithm.name, "private": b64(signer.private_bytes()), "public": b64(signer.verify_key.raw)}
        )
    for case in cases:
        raw = forge.unb64(case["public"])
        case["key_id"] = b64(hashlib.sha256(b"chancery/v1/key-id\x00" + raw).digest())
    return cases


def _hashes() -> dict[str, Any]:
    org, signer, nonce = identifier("org/primitive"), seed("signer"), seed("nonce", 16)
    token = forge.token("chancery-pl", {"v": 1}, forge.signing_key(ES256, "primitive"))
    signed = token.rpartition(".")[0].encode()
    document, person = seed("document", 16), seed("person", 16)
    pair = hashlib.sha256(b"chancery/v1/feed-pair\x00" + document + person).digest()[:16]
    leaves = [hashlib.sha256(b"\x00" + bytes([number])).digest() for number in range(9)]
    return {
        "content_id": {
            "org": str(org),
            "signer": b64(signer),
            "nonce": b64(nonce),
            "cid": str(content_id(org, signer, nonce)),
        },
        "digest": {"token": token, "digest": b64(hashlib.sha256(b"chancery/v1/digest\x00" + signed).digest())},
        "pair": {"document": b64(document), "person": b64(person), "id": b64(pair)},
        "roots": [b64(forge.merkle_root(leaves[:count])) for count in range(1, 10)],
    }


def _bindings() -> list[dict[str, Any]]:
    org, cid, dev, jti = (identifier(f"{name}/binding") for name in ("org", "cid", "dev", "jti"))
    kid, seal = seed("kid"), seed("seal")
    ids = {"org": str(org), "cid": str(cid), "dev": str(dev), "jti": str(jti), "kid": b64(kid), "seal": b64(seal)}
    made = {
        "pl-envelope": bindings.pl_envelope(org=org, cid=cid, kid=kid),
        "ul-key": bindings.ul_key(org=org, cid=cid, dev=dev, jti=jti),
        "ul-batch": bindings.ul_batch(org=org, dev=dev, jti=jti),
        "edition": bindings.edition(org=org, cid=cid, n=7, device_key_id=kid),
        "wrapping-key": bindings.wrapping_key(org=org, kid=kid),
        "content-key": bindings.content_key(org=org, kid=kid, cid=cid, seal_digest=seal),
        "tenant-key": bindings.tenant_key(org=org, kid=kid, use="enc"),
        "issuing-key": bindings.issuing_key(org=org, kid=kid),
        "organization-key": bindings.organization_key(org=org),
    }
    expected = {
        "pl-envelope": org.bytes + cid.bytes + kid,
        "ul-key": org.bytes + cid.bytes + dev.bytes + jti.bytes,
        "ul-batch": org.bytes + dev.bytes + jti.bytes,
        "edition": org.bytes + cid.bytes + (7).to_bytes(8, "big") + kid,
        "wrapping-key": org.bytes + kid,
        "content-key": org.bytes + kid + cid.bytes + seal,
        "tenant-key": org.bytes + kid + b"enc",
        "issuing-key": org.bytes + kid,
        "organization-key": org.bytes,
    }
    for name, value in expected.items():
        assert made[name] == b"chancery/v1/" + name.encode() + b"\x00" + value, name
    return [{"name": name, "values": ids, "n": 7, "bytes": b64(value)} for name, value in made.items()]


def _signatures() -> list[dict[str, str]]:
    message = b"chancery vectors"
    edwards, weierstrass = (forge.signing_key(algorithm, "primitive") for algorithm in (ED25519, ES256))
    good, pair = edwards.sign(message), weierstrass.sign(message)
    r, s = pair[:32], int.from_bytes(pair[32:], "big")
    edwards_s = int.from_bytes(good[32:], "little")
    cases = [
        ("ed25519", edwards, good, "ok"),
        ("ed25519-flipped", edwards, good[:-1] + bytes([good[-1] ^ 1]), "invalid_signature"),
        ("ed25519-short", edwards, good[:-1], "invalid_signature"),
        ("ed25519-long", edwards, good + b"\x00", "invalid_signature"),
        ("ed25519-s-plus-order", edwards, good[:32] + (edwards_s + ED25519_ORDER).to_bytes(32, "little"), ""),
        ("es256", weierstrass, pair, "ok"),
        ("es256-minus-s", weierstrass, r + (P256_ORDER - s).to_bytes(32, "big"), ""),
        ("es256-zero-r", weierstrass, bytes(32) + pair[32:], ""),
        ("es256-zero-s", weierstrass, r + bytes(32), ""),
        ("es256-s-plus-order", weierstrass, r + ((s + P256_ORDER) % 2**256).to_bytes(32, "big"), ""),
        ("es256-r-of-order", weierstrass, P256_ORDER.to_bytes(32, "big") + pair[32:], ""),
        ("es256-short", weierstrass, pair[:-1], ""),
        ("es256-empty", weierstrass, b"", ""),
    ]
    return [
        {
            "name": name,
            "alg": key.verify_key.algorithm.name,
            "public": b64(key.verify_key.raw),
            "message": b64(message),
            "signature": b64(signature),
            "expect": expect or "invalid_signature",
        }
        for name, key, signature, expect in cases
    ]


def _sealed(frozen: dict[str, str]) -> list[dict[str, str]]:
    info, plaintext = b"chancery vectors info", b"thirty-two bytes of a secret key"
    cases = []
    for kem in (P256, X25519, MLKEM768_X25519):
        key = forge.encryption_key(kem, "primitive")
        if kem is MLKEM768_X25519:
            blob = bytes.fromhex(frozen["primitive"])
        else:
            blob = forge.hpke_seal(key.public, plaintext, info, f"primitive/{kem.name}")
        at = kem.encapsulated_size
        variants = [
            ("", blob, info, "ok"),
            ("-other-info", blob, info + b"\x00", "cannot_unseal"),
            ("-flipped-ciphertext", blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :], info, "cannot_unseal"),
            ("-flipped-encapsulation", blob[:5] + bytes([blob[5] ^ 1]) + blob[6:], info, "cannot_unseal"),
            ("-cut", blob[:-1], info, "cannot_unseal"),
            ("-extended", blob + b"\x00", info, "cannot_unseal"),
            ("-empty", b"", info, "cannot_unseal"),
        ]
        kept = variants[:2] if kem is MLKEM768_X25519 else variants
        cases += [
            {
                "name": kem.name + suffix,
                "kem": kem.name,
                "private": b64(key.private_bytes()),
                "public": b64(key.public.raw),
                "info": b64(bound),
                "blob": b64(data),
                "plaintext": b64(plaintext),
                "expect": expect,
            }
            for suffix, data, bound, expect in kept
        ]
    return cases


def _wrapped() -> list[dict[str, str]]:
    key, nonce, aad = seed("wrapping"), seed("gcm-nonce", 12), b"row of one organization"
    blob = nonce + AESGCM(key).encrypt(nonce, seed("content-key"), aad)
    common = {"key": b64(key), "plaintext": b64(seed("content-key"))}
    return [
        common | {"name": "wrapped", "blob": b64(blob), "aad": b64(aad), "expect": "ok"},
        common | {"name": "other-row", "blob": b64(blob), "aad": b64(aad + b"2"), "expect": "cannot_unseal"},
        common | {"name": "cut", "blob": b64(blob[:27]), "aad": b64(aad), "expect": "cannot_unseal"},
    ]


def _messages() -> list[dict[str, Any]]:
    key, context = seed("message-key"), b"chancery vectors context"
    cases = []
    for length in (0, 1, 16383, 16384, 16385):
        data = b"".join(forge.message(key, context, forge.pattern(length), f"message/{length}"))
        cases.append(
            {
                "length": length,
                "key": b64(key),
                "context": b64(context),
                "salt": b64(data[:24]),
                "sha256": b64(hashlib.sha256(data).digest()),
                "begins": b64(data[:80]),
            }
        )
    return cases


def _json() -> list[dict[str, str]]:
    good = [
        "{}",
        '{"a":1}',
        '{"b":[],"a":{}}',
        '{"a":-9007199254740991}',
        '{"a":9007199254740991}',
        '{"a":"ü€😀/"}',
        '{"a":"\\"\\\\\\n\\u0001\\u001f"}',
        '{"a":"\x7f\u2028"}',
        '{"__proto__":1}',
        '{"a":' + "[" * 7 + "]" * 7 + "}",
    ]
    bad = [
        "",
        " {}",
        "{} ",
        '{"a": 1}',
        '{"a":1,"a":2}',
        '{"a":1,"a":1}',
        '{"a":1.0}',
        '{"a":1e2}',
        '{"a":-0}',
        '{"a":NaN}',
        '{"a":Infinity}',
        '{"a":01}',
        '{"a":9007199254740992}',
        '{"a":-9007199254740992}',
        '{"a":' + "9" * 400 + "}",
        '{"a":"\\u0041"}',
        '{"a":"\\/"}',
        '{"a":"\\u001F"}',
        '{"a":"\\ud800"}',
        '{"a":"\\ud83d\\ude00"}',
        '{"a":"\\u2028"}',
        "[]",
        "1",
        "null",
        '"a"',
        '{"1":1}',
        '{"a":{"0":1}}',
        '{"a":' + "[" * 8 + "]" * 8 + "}",
        '{"a":"\t"}',
        '{"a":1}}',
        '{"a":1',
        "{'a':1}",
        "{a:1}",
        '{"a":tru}',
        "\ufeff{}",
        '{"a":1}\n',
        '{"a":,}',
        '{"a":1,}',
        "[" * 2000,
    ]
    cases = [{"text": b64(text.encode()), "expect": "ok"} for text in good]
    cases += [{"text": b64(text.encode()), "expect": "invalid_object"} for text in bad]
    cases += [{"text": b64(raw), "expect": "invalid_object"} for raw in (b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}')]
    return cases
