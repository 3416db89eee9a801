"""The cast and its papers: two organizations, their keys, and one of every object, all depending on names only."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from chancery.crypto import bindings
from chancery.crypto.keys import EncryptionPrivateKey
from chancery.crypto.signatures import SigningKey
from chancery.crypto.suites import MLKEM768_X25519, X25519, Kem, Suite
from tests.vectors import forge
from tests.vectors.forge import b64, identifier, seed

NOW = 1_800_000_000
DAY = 86_400
ISS = "https://chancery.example"
ISSUED = ["chancery-clc", "chancery-edit", "chancery-feed", "chancery-pl", "chancery-ul", "chancery-ul-batch"]


def public_of(key: SigningKey) -> dict[str, str]:
    return {"alg": key.verify_key.algorithm.name, "public": b64(key.verify_key.raw)}


def content_id(org: UUID, signer: bytes, nonce: bytes) -> UUID:
    data = bytearray(hashlib.sha256(b"chancery/v1/content-id\x00" + org.bytes + signer + nonce).digest()[:16])
    data[6] = data[6] & 0x0F | 0x80
    data[8] = data[8] & 0x3F | 0x80
    return UUID(bytes=bytes(data))


def digest(token: str) -> bytes:
    return hashlib.sha256(b"chancery/v1/digest\x00" + token.rpartition(".")[0].encode()).digest()


@dataclass(frozen=True)
class Member:
    """A person with one device."""

    name: str
    suite: Suite
    device_kem: Kem

    @cached_property
    def sub(self) -> UUID:
        return identifier(f"person/{self.name}")

    @cached_property
    def dev(self) -> UUID:
        return identifier(f"device/{self.name}")

    @cached_property
    def signing(self) -> SigningKey:
        return forge.signing_key(self.suite.signature, f"device/{self.name}")

    @cached_property
    def encryption(self) -> EncryptionPrivateKey:
        return forge.encryption_key(self.device_kem, f"device/{self.name}")


@dataclass(frozen=True)
class World:
    """One organization on one installation, with all keys of one suite."""

    suite: Suite
    name: str
    frozen: dict[str, str] = field(hash=False, compare=False)
    """Blobs of the hybrid key encapsulation, which cannot be made again: it takes no randomness as an argument."""

    @cached_property
    def org(self) -> UUID:
        return identifier(f"org/{self.name}")

    @cached_property
    def installation(self) -> SigningKey:
        return forge.signing_key(self.suite.signature, "installation")

    @cached_property
    def tenant_signing(self) -> SigningKey:
        return forge.signing_key(self.suite.signature, f"tenant/{self.name}")

    @cached_property
    def tenant_encryption(self) -> EncryptionPrivateKey:
        return forge.encryption_key(self.suite.kem, f"tenant/{self.name}")

    @cached_property
    def issuing(self) -> SigningKey:
        return forge.signing_key(self.suite.signature, f"issuing/{self.name}")

    @cached_property
    def olga(self) -> Member:
        return self._member("olga")

    @cached_property
    def max(self) -> Member:
        return self._member("max")

    @cached_property
    def rita(self) -> Member:
        return self._member("rita")

    def _member(self, name: str) -> Member:
        return Member(name, self.suite, X25519 if self.suite.kem is MLKEM768_X25519 else self.suite.kem)

    def tenant_key(self, use: str, status: str = "active") -> dict[str, str]:
        raw = self.tenant_encryption.public.raw if use == "enc" else self.tenant_signing.verify_key.raw
        kid = hashlib.sha256(b"chancery/v1/key-id\x00" + raw).digest()
        return {"kid": b64(kid), "use": use, "suite": self.suite.name, "public": b64(raw), "status": status}

    def statement(self, **changes: Any) -> str:
        claims = {
            "v": 1,
            "iss": ISS,
            "aliases": ["https://old.example"],
            "org": str(self.org),
            "name": self.name.title(),
            "origins": [f"https://{self.name}.chancery.example"],
            "tenant_keys": [self.tenant_key("enc"), self.tenant_key("sig")],
            "log_key": f"chancery.example/ledger/{self.org}/1+00000000+AQ==",
            "iat": NOW - 600,
            "exp": NOW - 600 + DAY,
        }
        return forge.token("chancery-org", claims | changes, self.installation)

    def delegation(self, *, signer: SigningKey | None = None, **changes: Any) -> str:
        claims = {
            "v": 1,
            "org": str(self.org),
            "key": public_of(self.issuing),
            "uses": ISSUED,
            "nbf": NOW - 3600,
            "exp": NOW - 3600 + DAY,
        }
        return forge.token("chancery-delegation", claims | changes, signer or self.tenant_signing)

    def account(self, member: Member, **changes: Any) -> str:
        claims = {
            "v": 1,
            "iss": ISS,
            "jti": str(identifier(f"rac/{member.name}")),
            "sub": str(member.sub),
            "dev": str(member.dev),
            "sig": public_of(member.signing),
            "enc": {"kem": member.device_kem.name, "public": b64(member.encryption.public.raw)},
            "platform": "linux",
            "iat": NOW - 600,
            "exp": NOW - 600 + 31 * DAY,
        }
        return forge.token("chancery-rac", claims | changes, self.installation)

    def licensor(self, member: Member, **changes: Any) -> str:
        claims = {
            "v": 1,
            "org": str(self.org),
            "jti": str(identifier(f"clc/{member.name}")),
            "sub": str(member.sub),
            "dev": str(member.dev),
            "key": public_of(member.signing),
            "kids": [b64(self.tenant_encryption.key_id)],
            "may": ["ad_hoc"],
            "nbf": NOW - 1800,
            "exp": NOW - 1800 + 31 * DAY,
        }
        return forge.token("chancery-clc", claims | changes, self.issuing)

    def pool(self) -> dict[str, str]:
        """Header segments and tokens that occur in many vectors of this world, longest first."""
        certificate = {"cert": self.licensor(self.olga), "delegation": self.delegation()}
        license_ = self.publishing(self.olga)
        seal = forge.token("chancery-body", {}, self.olga.signing, certificate)
        cid = content_id(self.org, self.olga.signing.key_id, seed("nonce", 16))
        certificate = {"cert": self.edit(self.rita, license_, cid), "delegation": self.delegation()}
        edited = forge.token("chancery-body", {}, self.rita.signing, certificate)
        texts = {
            "license": license_,
            "seal by Olga": seal.split(".")[0],
            "seal by Rita": edited.split(".")[0],
            "license by Olga": license_.split(".")[0],
            "claims of the license": license_.split(".")[1],
        }
        return {f"{self.suite.name} {name}": text for name, text in texts.items()}

    def seal_to_tenant(self, plaintext: bytes, info: bytes, name: str) -> bytes:
        if self.suite.kem is MLKEM768_X25519:
            return bytes.fromhex(self.frozen[f"{self.name}/{name}"])
        return forge.hpke_seal(self.tenant_encryption.public, plaintext, info, f"{self.name}/{name}")

    def envelope(self, member: Member, **changes: Any) -> bytes:
        members = {
            "key": b64(seed("content-key")),
            "policy": {"v": 1, "grants": [{"who": "address:rita@fabrikam.example", "rights": ["VIEW"]}]},
            "issuer": str(member.sub),
            "owner": str(member.sub),
            "expires": None,
            "offline": 7,
            "app_data": {},
            "title": "Plan – Entwurf.txt",
        }
        return forge.compact(members | changes)

    def publishing(
        self, member: Member, *, signer: SigningKey | None = None, header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        """A publishing license; ``changes`` may replace nonce (as bytes under ``nonce``), cid, env or the envelope."""
        key = signer or member.signing
        nonce = changes.pop("nonce", seed("nonce", 16))
        cid = changes.pop("cid", content_id(self.org, key.key_id, nonce))
        kid = self.tenant_encryption.key_id
        info = bindings.pl_envelope(org=self.org, cid=cid, kid=kid)
        plaintext = changes.pop("envelope", self.envelope(member))
        env = changes.pop("env", None) or self.seal_to_tenant(plaintext, info, f"envelope/{cid}")
        claims = {
            "v": 1,
            "iss": ISS,
            "org": str(self.org),
            "cid": str(cid),
            "nonce": b64(nonce),
            "kid": b64(kid),
            "suite": self.suite.name,
            "iat": NOW,
            "env": b64(env),
        }
        return forge.token("chancery-pl", claims | changes, key, header or {"clc": self.licensor(member)})

    def edit(self, member: Member, license_: str, cid: UUID, **changes: Any) -> str:
        claims = {
            "v": 1,
            "org": str(self.org),
            "cid": str(cid),
            "pl": b64(digest(license_)),
            "sub": str(member.sub),
            "dev": str(member.dev),
            "key": public_of(member.signing),
            "rev": 1,
            "iat": NOW,
            "exp": NOW + 7 * DAY,
        }
        return forge.token("chancery-edit", claims | changes, self.issuing)

    def use(self, member: Member, license_: str, cid: UUID, edition: bytes, **changes: Any) -> str:
        jti = UUID(changes.get("jti", str(identifier("event/1"))))
        info = bindings.ul_key(org=self.org, cid=cid, dev=member.dev, jti=jti)
        key = forge.hpke_seal(member.encryption.public, seed("content-key"), info, f"ul/{member.name}/{jti}")
        claims = {
            "v": 1,
            "iss": ISS,
            "org": str(self.org),
            "sub": str(member.sub),
            "dev": str(member.dev),
            "iat": NOW,
            "jti": str(jti),
            "cid": str(cid),
            "pl": b64(digest(license_)),
            "edition": b64(edition),
            "rights": ["VIEW", "PRINT"],
            "rev": 3,
            "exp": NOW + 30 * DAY,
            "offline_until": NOW + 7 * DAY,
            "lease": 3600,
            "feed": [b64(seed(f"feed/{name}", 16)) for name in ("document", "person", "device")],
            "enforcement": "client",
            "obligations": {},
            "body": {"n": 1, "status": "current", "signer": "Olga"},
            "contact": "olga@contoso.example",
            "key": b64(key),
        }
        return forge.token("chancery-ul", claims | changes, self.issuing)

    def feed(self, seq: int, from_seq: int, entries: list[dict[str, Any]], as_of: int, **changes: Any) -> str:
        claims = {
            "v": 1,
            "org": str(self.org),
            "seq": seq,
            "as_of": as_of,
            "from_seq": from_seq,
            "entries": entries,
            "checkpoint": None,
        }
        return forge.token("chancery-feed", claims | changes, self.issuing)
