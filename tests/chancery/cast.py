"""One organization made with the real code, and Olga's device in it."""

import secrets
import uuid
from dataclasses import dataclass, field
from functools import cached_property

from chancery.crypto.content import new_content_key
from chancery.crypto.keys import EncryptionPrivateKey
from chancery.crypto.signatures import SigningKey
from chancery.crypto.store import SoftwareKeyStore
from chancery.crypto.suites import Suite
from chancery.objects.account import AccountCertificate
from chancery.objects.body import SealFacts, sign_body
from chancery.objects.edit import EditCertificate
from chancery.objects.envelope_content import Envelope
from chancery.objects.licensor import LicensorCertificate, May
from chancery.objects.publishing import PublishingLicense, publish
from chancery.objects.statement import KeyStatus, KeyUse, OrganizationStatement, TenantKey
from chancery.objects.trust import ISSUED_KINDS, Chain, Delegation
from chancery.objects.use import EditionStatus, UseLicense, seal_content_key

NOW = 1_800_000_000
DAY = 86_400
ISS = "http://localhost:8000"


@dataclass(frozen=True)
class Organization:
    """Contoso, with every key it needs."""

    suite: Suite
    org: uuid.UUID = field(default_factory=uuid.uuid4)
    sub: uuid.UUID = field(default_factory=uuid.uuid4)
    dev: uuid.UUID = field(default_factory=uuid.uuid4)
    content_key: bytes = field(default_factory=new_content_key)

    @cached_property
    def installation(self) -> SigningKey:
        return SigningKey.generate(self.suite.signature)

    @cached_property
    def tenant_signing(self) -> SigningKey:
        return SigningKey.generate(self.suite.signature)

    @cached_property
    def issuing(self) -> SigningKey:
        return SigningKey.generate(self.suite.signature)

    @cached_property
    def device(self) -> SigningKey:
        return SigningKey.generate(self.suite.signature)

    @cached_property
    def device_encryption(self) -> EncryptionPrivateKey:
        return EncryptionPrivateKey.generate(self.suite.kem)

    @cached_property
    def tenant_encryption(self) -> EncryptionPrivateKey:
        return EncryptionPrivateKey.generate(self.suite.kem)

    @cached_property
    def store(self) -> SoftwareKeyStore:
        return SoftwareKeyStore([self.tenant_encryption, self.device_encryption])

    @cached_property
    def tenant_key(self) -> TenantKey:
        return TenantKey(KeyUse.ENCRYPTION, self.suite.name, self.tenant_encryption.public.raw, KeyStatus.ACTIVE)

    @cached_property
    def statement(self) -> OrganizationStatement:
        signing = self.tenant_signing.verify_key.raw
        return OrganizationStatement(
            iss=ISS,
            aliases=("http://old.example",),
            org=self.org,
            name="Contoso",
            origins=("http://contoso.localhost:8000",),
            tenant_keys=(
                self.tenant_key,
                TenantKey(KeyUse.SIGNATURE, self.suite.name, signing, KeyStatus.ACTIVE),
            ),
            log_key="contoso+00000000+AQ==",
            iat=NOW,
            exp=NOW + DAY,
            successor=self.device.verify_key,
        )

    @cached_property
    def delegation(self) -> str:
        return Delegation(org=self.org, key=self.issuing.verify_key, uses=ISSUED_KINDS, nbf=NOW, exp=NOW + DAY).sign(
            self.tenant_signing
        )

    @cached_property
    def trust(self) -> Chain:
        return Chain.of(self.statement)

    @cached_property
    def chain(self) -> Chain:
        return self.trust.learn(self.delegation)

    @cached_property
    def account(self) -> AccountCertificate:
        return AccountCertificate(
            iss=ISS,
            jti=uuid.uuid4(),
            sub=self.sub,
            dev=self.dev,
            signing_key=self.device.verify_key,
            encryption_key=self.device_encryption.public,
            platform="linux",
            iat=NOW,
            exp=NOW + 31 * DAY,
        )

    @cached_property
    def licensor(self) -> str:
        return LicensorCertificate(
            org=self.org,
            jti=uuid.uuid4(),
            sub=self.sub,
            dev=self.dev,
            key=self.device.verify_key,
            kids=(self.tenant_key.kid,),
            may=frozenset(May),
            nbf=NOW,
            exp=NOW + 31 * DAY,
        ).sign(self.issuing)

    @cached_property
    def envelope(self) -> Envelope:
        return Envelope(key=self.content_key, issuer=self.sub, owner=self.sub, policy={"v": 1}, title="ü.txt")

    @cached_property
    def license(self) -> PublishingLicense:
        return publish(
            self.envelope,
            iss=ISS,
            org=self.org,
            tenant_key=self.tenant_key,
            signer=self.device,
            clc=self.licensor,
            nonce=secrets.token_bytes(16),
            iat=NOW,
        )

    def seal(self, facts: SealFacts) -> str:
        return sign_body(facts, signer=self.device, certificate=self.licensor, delegation=self.delegation, iat=NOW + 1)

    def seal_as_editor(self, facts: SealFacts) -> str:
        certificate = EditCertificate(
            org=self.org,
            cid=facts.cid,
            pl=facts.pl,
            sub=self.sub,
            dev=self.dev,
            key=self.device.verify_key,
            rev=1,
            iat=NOW,
            exp=NOW + DAY,
        ).sign(self.issuing)
        return sign_body(facts, signer=self.device, certificate=certificate, delegation=self.delegation, iat=NOW + 2)

    def use(self, edition: bytes | None, **changes: object) -> UseLicense:
        jti = uuid.uuid4()
        cid = self.license.cid
        key = seal_content_key(
            self.device_encryption.public, self.content_key, org=self.org, cid=cid, dev=self.dev, jti=jti
        )
        members: dict[str, object] = {
            "jti": jti,
            "iss": ISS,
            "org": self.org,
            "cid": cid,
            "pl": self.license.digest,
            "edition": edition,
            "sub": self.sub,
            "dev": self.dev,
            "rights": ("VIEW",),
            "rev": 1,
            "iat": NOW,
            "exp": NOW + DAY,
            "offline_until": NOW + DAY,
            "lease": None,
            "feed": (secrets.token_bytes(16),),
            "enforcement": "client",
            "obligations": {},
            "key": key,
            "body": EditionStatus(n=1, status="current"),
            "contact": "olga@contoso.example",
        }
        return UseLicense(**(members | changes))  # type: ignore[arg-type]  # a table of members, checked by the tests
