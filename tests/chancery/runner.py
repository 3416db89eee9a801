"""Runs one vector against the Python implementation and returns its named outcome."""

import base64
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from chancery.crypto.content import CHUNK, ChunkCipher
from chancery.crypto.keys import EncryptionPrivateKey
from chancery.crypto.signatures import VerifyKey
from chancery.crypto.store import SoftwareKeyStore
from chancery.crypto.suites import kem_named
from chancery.errors import ChanceryError
from chancery.objects import jws
from chancery.objects.account import AccountCertificate
from chancery.objects.batch import UseLicenseBatch
from chancery.objects.body import BodySeal
from chancery.objects.edit import EditCertificate
from chancery.objects.feed import FeedState, FeedStatement
from chancery.objects.jws import b64, unb64
from chancery.objects.licensor import LicensorCertificate
from chancery.objects.proof import DeviceProof, Request
from chancery.objects.publishing import PublishingLicense
from chancery.objects.statement import KeyUse, OrganizationStatement
from chancery.objects.trust import Chain, Delegation
from chancery.objects.use import UseLicense, accept
from chancery.sealing.read import open_sealed

Result = dict[str, Any]


def outcome(run: Callable[[], Result]) -> tuple[str, Result]:
    """Return ``ok`` and what was found, or the code of the refusal."""
    try:
        return "ok", run()
    except ChanceryError as error:
        return error.code, {}


class Verifier:
    """What the reader of one case knows: a world, and what the case replaces in it."""

    def __init__(self, document: Mapping[str, Any], case: Mapping[str, Any]) -> None:
        self._tokens = {name: unfold(text, document["pool"]) for name, text in document["tokens"].items()}
        self._case = case
        self._world = document["worlds"][case["world"]]
        self.now = int(case.get("now", self._world["now"]))
        self.org = UUID(self._world["org"])
        self.sub, self.dev = UUID(self._world["sub"]), UUID(self._world["dev"])
        self.pinned = _key(self._world["pinned"])

    def token(self, name: str) -> str:
        return str(self._tokens[self._case.get(name, self._world.get(name))])

    def tokens(self, name: str) -> list[str]:
        return [self._tokens[reference] for reference in self._case.get(name, [])]

    def statement(self) -> OrganizationStatement:
        return OrganizationStatement.verify(
            self.token("statement"), pinned=self.pinned, iss=self._world["iss"], now=self._world["now"]
        )

    def chain(self) -> Chain:
        return Chain.of(self.statement()).learn(self.token("delegation"))

    def store(self, name: str) -> tuple[SoftwareKeyStore, bytes]:
        described = self._world[name]
        key = EncryptionPrivateKey(kem_named(described["kem"]), unb64(described["private"]))
        return SoftwareKeyStore([key]), key.key_id

    def run(self) -> Result:
        subject = self._tokens[self._case["token"]]
        check: Callable[[str], Result] = getattr(self, f"check_{self._case['object']}")
        return check(subject)

    def check_statement(self, token: str) -> Result:
        OrganizationStatement.verify(token, pinned=self.pinned, iss=self._world["iss"], now=self.now)
        return {}

    def check_delegation(self, token: str) -> Result:
        Delegation.verify(token, org=self.org, signers=self.statement().signing_keys())
        return {}

    def check_account(self, token: str) -> Result:
        AccountCertificate.verify(token, pinned=self.pinned, dev=self.dev, now=self.now)
        return {}

    def check_licensor(self, token: str) -> Result:
        LicensorCertificate.verify(token, chain=self.chain())
        return {}

    def check_publishing(self, token: str) -> Result:
        keys = {key.kid: key.suite for key in self.statement().tenant_keys if key.use is KeyUse.ENCRYPTION}
        verified = PublishingLicense.verify(token, org=self.org, tenant_keys=keys, chain=self.chain())
        store, _ = self.store("tenant_encryption")
        envelope = verified.open_envelope(store)
        return {
            "cid": str(verified.license.cid),
            "digest": b64(verified.license.digest),
            "within_certificate": verified.within_certificate,
            "issuer": str(envelope.issuer),
            "content_key": b64(envelope.key),
        }

    def check_use(self, token: str) -> Result:
        license_ = UseLicense.verify(token, chain=self.chain(), sub=self.sub, dev=self.dev)
        return {"content_key": b64(license_.content_key(*self.store("device_encryption")))}

    def check_opening(self, token: str) -> Result:
        chain = self.chain()
        account = AccountCertificate.verify(
            self.token("account"), pinned=self.pinned, dev=self.dev, now=self._world["now"]
        )
        license_ = PublishingLicense.parse(self.token("license"))
        seal = BodySeal.parse(self.token("seal")).verify(license=license_, chain=Chain.of(self.statement()))
        feed = FeedState(org=self.org)
        for statement in self.tokens("feed"):
            feed = feed.advance(FeedStatement.verify(statement, chain=chain))
        accepted = accept(
            token,
            chain=chain,
            account=account,
            license=license_,
            seal=seal,
            now=self.now,
            feed=feed,
            stored=self._case["stored"],
        )
        return {"content_key": b64(accepted.content_key(*self.store("device_encryption")))}

    def check_batch(self, token: str) -> Result:
        batch = UseLicenseBatch.verify(token, chain=self.chain(), sub=self.sub, dev=self.dev)
        return {"keys": [b64(key) for _, key in batch.content_keys(*self.store("device_encryption"))]}

    def check_edit(self, token: str) -> Result:
        EditCertificate.verify(token, chain=self.chain(), pl=jws.digest(self.token("license")))
        return {}

    def check_seal(self, token: str) -> Result:
        license_ = PublishingLicense.parse(self.token("license"))
        verified = BodySeal.parse(token).verify(license=license_, chain=Chain.of(self.statement()))
        return {"by_edit": verified.sealer.by_edit}

    def check_feed(self, token: str) -> Result:
        chain, state = self.chain(), FeedState(org=self.org)
        for statement in self.tokens("statements"):
            state = state.advance(FeedStatement.verify(statement, chain=chain))
        state = state.advance(FeedStatement.verify(token, chain=chain))
        return {"seq": state.seq, "as_of": state.as_of}

    def check_proof(self, token: str) -> Result:
        stated = self._case["request"]
        request = Request(method=stated["method"], url=stated["url"], token=stated["token"], body=unb64(stated["body"]))
        DeviceProof.parse(token).verify(key=_key(self._world["device_signing"]), request=request, now=self.now)
        return {}


def _key(described: Mapping[str, str]) -> VerifyKey:
    return VerifyKey.named(described["alg"], unb64(described["public"]))


def unfold(text: str, pool: Mapping[str, str]) -> str:
    """Put the shared texts back where a vector names them."""
    return re.sub(r"\{([^}]+)\}", lambda match: pool[match[1]], text)


def _joined(pieces: list[str], pool: Mapping[str, str]) -> bytes:
    return b"".join(unfold(piece, pool).encode() if piece[0] == "{" else base64.b64decode(piece) for piece in pieces)


def file_bytes(document: Mapping[str, Any], case: Mapping[str, Any], pool: Mapping[str, str]) -> bytes:
    """Return the bytes of a file vector with its changes."""
    described = document["files"][case["file"]]
    return changed(_original(described, unb64(document["content_key"]), pool), case["changes"])


def changed(original: bytes, changes: Iterable[Mapping[str, Any]]) -> bytes:
    """Return bytes with the changes of a vector, one after the other."""
    data = bytearray(original)
    for change in changes:
        _apply(data, change)
    return bytes(data)


def _original(described: Mapping[str, Any], key: bytes, pool: Mapping[str, str]) -> bytes:
    if "bytes" in described:
        return _joined(described["bytes"], pool)
    head, tail = _joined(described["head"], pool), _joined(described["tail"], pool)
    start = int.from_bytes(head[8:12], "big") + 12
    size = int.from_bytes(head[start : start + 4], "big")
    license_ = head[start + 4 : start + 4 + size].decode()
    cipher = ChunkCipher(key, b"chancery/v1/body\x00" + jws.digest(license_), head[-56:-32])
    length = described["plain_length"]
    plain = (bytes(range(251)) * (length // 251 + 1))[:length]
    chunks = [cipher.seal(at // CHUNK, plain[at : at + CHUNK]) for at in range(0, length + 1, CHUNK)]
    return head + b"".join(chunks) + tail


def _apply(data: bytearray, change: Mapping[str, Any]) -> None:
    if "swap" in change:
        first, second, length = change["swap"]
        data[first : first + length], data[second : second + length] = (
            data[second : second + length],
            data[first : first + length],
        )
    elif "flip" in change:
        data[change["flip"]] ^= 1
    elif "twice" in change:
        data += bytes(data)
    else:
        data[change["at"] : change["at"] + change["remove"]] = base64.b64decode(change["insert"])


def open_file(data: bytes, chain: Chain, key: bytes) -> Result:
    """Open a file completely and return what came out of it."""
    with open_sealed(io.BytesIO(data)) as sealed:
        unlocked = sealed.verify(chain).unlock(key)
        sink = io.BytesIO()
        unlocked.copy_to(sink)
    found = unlocked.metadata
    return {
        "sha256": b64(hashlib.sha256(sink.getvalue()).digest()),
        "size": found.size,
        "name": found.name,
        "type": found.type,
        "mtime": found.mtime,
    }
