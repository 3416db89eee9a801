"""Every object signed and verified by the real code; attacks are in the vectors."""

import dataclasses
import secrets
import uuid

import pytest

from chancery.crypto.suites import HYBRID, P256_SUITE, Suite
from chancery.errors import CannotUnseal, Expired, FeedGap, InvalidObject, Revoked, UntrustedKey, WrongBinding
from chancery.objects import jws
from chancery.objects.account import AccountCertificate
from chancery.objects.batch import Refusal, UseLicenseBatch, seal_batch_keys
from chancery.objects.body import BodyFacts, BodySeal, SealFacts, seal_edition_key, sign_body
from chancery.objects.envelope_content import Envelope, TemplateReference
from chancery.objects.feed import FeedEntry, FeedState, FeedStatement, pair_id
from chancery.objects.licensor import LicensorCertificate
from chancery.objects.proof import DeviceProof, Request, sign_proof
from chancery.objects.publishing import PublishingLicense, publish
from chancery.objects.statement import OrganizationStatement
from chancery.objects.trust import Chain
from chancery.objects.use import Common, UseLicense, accept
from tests.chancery.cast import DAY, ISS, NOW, Organization


@pytest.fixture(params=[HYBRID, P256_SUITE], ids=lambda suite: suite.name)
def contoso(request: pytest.FixtureRequest) -> Organization:
    suite: Suite = request.param
    return Organization(suite)


def facts_of(contoso: Organization, **changes: object) -> SealFacts:
    license_ = contoso.license
    body = BodyFacts(hdr=bytes(32), length=16, root=bytes(32))
    facts = SealFacts(org=license_.org, cid=license_.cid, pl=license_.digest, body=body, n=1, prev=None)
    return dataclasses.replace(facts, **changes)  # type: ignore[arg-type]  # members by name, checked at once


def test_statement(contoso: Organization) -> None:
    token = contoso.statement.sign(contoso.installation)
    pinned = contoso.installation.verify_key
    assert OrganizationStatement.verify(token, pinned=pinned, iss=ISS, now=NOW) == contoso.statement
    assert contoso.statement.names("http://old.example")
    assert not contoso.statement.names("http://other.example")
    assert contoso.statement.active_encryption_key() == contoso.tenant_key
    with pytest.raises(UntrustedKey):
        contoso.statement.active_encryption_key(frozenset())


def test_account(contoso: Organization) -> None:
    token = contoso.account.sign(contoso.installation)
    pinned = contoso.installation.verify_key
    assert AccountCertificate.verify(token, pinned=pinned, dev=contoso.dev, now=NOW) == contoso.account
    with pytest.raises(Expired):
        AccountCertificate.verify(token, pinned=pinned, dev=contoso.dev, now=NOW + 31 * DAY)


def test_learning_a_delegation_leaves_the_old_chain_as_it_was(contoso: Organization) -> None:
    assert LicensorCertificate.verify(contoso.licensor, chain=contoso.chain).sub == contoso.sub
    with pytest.raises(UntrustedKey):
        LicensorCertificate.verify(contoso.licensor, chain=contoso.trust)


def test_the_service_builds_its_chain_from_its_own_rows(contoso: Organization) -> None:
    chain = Chain(contoso.org, {contoso.tenant_signing.key_id: contoso.tenant_signing.verify_key})
    assert LicensorCertificate.verify(contoso.licensor, chain=chain.learn(contoso.delegation)).dev == contoso.dev


def test_publishing_offline(contoso: Organization) -> None:
    keys = {contoso.tenant_key.kid: contoso.suite.name}
    token = contoso.license.token
    verified = PublishingLicense.verify(token, org=contoso.org, tenant_keys=keys, chain=contoso.chain)
    assert verified.license == contoso.license
    assert verified.within_certificate
    assert verified.open_envelope(contoso.store) == contoso.envelope
    with pytest.raises(UntrustedKey):
        PublishingLicense.verify(token, org=contoso.org, tenant_keys={}, chain=contoso.chain)


def test_publishing_online_by_template(contoso: Organization) -> None:
    template = TemplateReference(uuid.uuid4(), 3)
    envelope = Envelope(
        key=contoso.content_key, issuer=contoso.sub, owner=uuid.uuid4(), template=template, expires=NOW, offline=-1
    )
    made = publish(
        envelope,
        iss=ISS,
        org=contoso.org,
        tenant_key=contoso.tenant_key,
        signer=contoso.issuing,
        clc=None,
        nonce=secrets.token_bytes(16),
        iat=NOW,
    )
    keys = {contoso.tenant_key.kid: contoso.suite.name}
    verified = PublishingLicense.verify(made.token, org=contoso.org, tenant_keys=keys, chain=contoso.chain)
    assert verified.certificate is None
    assert verified.open_envelope(contoso.store) == envelope


def test_an_envelope_needs_exactly_one_of_policy_and_template() -> None:
    someone = uuid.uuid4()
    for members in ({}, {"policy": {}, "template": TemplateReference(someone, 1)}):
        with pytest.raises(InvalidObject):
            Envelope(key=b"k", issuer=someone, owner=someone, **members).encode()  # type: ignore[arg-type]  # wrong


def test_the_envelope_keeps_the_key_out_of_logs(contoso: Organization) -> None:
    assert contoso.content_key.hex() not in repr(contoso.envelope)
    assert repr(contoso.content_key) not in repr(contoso.envelope)


def test_a_new_key_for_a_new_edition(contoso: Organization) -> None:
    key = secrets.token_bytes(32)
    license_ = contoso.license
    env = seal_edition_key(
        contoso.tenant_encryption.public,
        key,
        org=contoso.org,
        cid=license_.cid,
        n=1,
        device_key_id=contoso.device.key_id,
    )
    token = sign_body(
        facts_of(contoso),
        signer=contoso.device,
        certificate=contoso.licensor,
        delegation=contoso.delegation,
        iat=NOW,
        env=env,
    )
    verified = BodySeal.parse(token).verify(license=license_, chain=contoso.trust)
    assert verified.edition_key(contoso.store, contoso.tenant_key.kid) == key
    assert not verified.sealer.by_edit


def test_a_seal_without_a_key_of_its_own(contoso: Organization) -> None:
    verified = BodySeal.parse(contoso.seal(facts_of(contoso))).verify(license=contoso.license, chain=contoso.trust)
    with pytest.raises(CannotUnseal):
        verified.edition_key(contoso.store, contoso.tenant_key.kid)


def test_opening_with_a_license(contoso: Organization) -> None:
    seal = BodySeal.parse(contoso.seal(facts_of(contoso))).verify(license=contoso.license, chain=contoso.trust)
    use = contoso.use(seal.seal.digest)
    accepted = accept(
        use.sign(contoso.issuing),
        chain=contoso.chain,
        account=contoso.account,
        license=contoso.license,
        seal=seal,
        now=NOW,
        feed=FeedState(org=contoso.org),
        stored=False,
    )
    assert accepted == use
    assert accepted.content_key(contoso.store, contoso.device_encryption.key_id) == contoso.content_key


def test_a_license_of_online_publishing_opens_no_file(contoso: Organization) -> None:
    use = contoso.use(None, body=None)
    token = use.sign(contoso.issuing)
    verified = UseLicense.verify(token, chain=contoso.chain, sub=contoso.sub, dev=contoso.dev)
    assert verified.content_key(contoso.store, contoso.device_encryption.key_id) == contoso.content_key
    with pytest.raises(WrongBinding):
        verified.check_file(contoso.license, bytes(32))


def test_a_license_survives_with_all_its_options(contoso: Organization) -> None:
    use = contoso.use(bytes(32), edit="a.b.c", rekey=True, second={"url": "https://keys.example"}, lease=60)
    token = use.sign(contoso.issuing)
    assert UseLicense.verify(token, chain=contoso.chain, sub=contoso.sub, dev=contoso.dev) == use


def test_batch(contoso: Organization) -> None:
    licenses = tuple(dataclasses.replace(contoso.use(bytes(32)), key=None) for _ in range(3))
    keys = [secrets.token_bytes(32) for _ in licenses]
    jti = uuid.uuid4()
    refusal = Refusal(pl=bytes(32), jti=uuid.uuid4(), reason="not_granted", details={"contact": "x"})
    batch = UseLicenseBatch(
        jti=jti,
        common=Common(iss=ISS, org=contoso.org, sub=contoso.sub, dev=contoso.dev, iat=NOW),
        results=(licenses[0], refusal, *licenses[1:]),
        keys=seal_batch_keys(contoso.device_encryption.public, keys, org=contoso.org, dev=contoso.dev, jti=jti),
    )
    token = batch.sign(contoso.issuing)
    verified = UseLicenseBatch.verify(token, chain=contoso.chain, sub=contoso.sub, dev=contoso.dev)
    assert verified == batch
    kid = contoso.device_encryption.key_id
    assert verified.content_keys(contoso.store, kid) == list(zip(licenses, keys, strict=True))
    short = dataclasses.replace(batch, results=(licenses[0],))
    with pytest.raises(InvalidObject):
        short.content_keys(contoso.store, kid)
    with pytest.raises(WrongBinding):
        UseLicenseBatch.verify(token, chain=contoso.chain, sub=contoso.sub, dev=uuid.uuid4())


def test_a_thousand_results_fit_into_a_batch(contoso: Organization) -> None:
    license_ = dataclasses.replace(contoso.use(bytes(32)), key=None)
    jti = uuid.uuid4()
    keys = seal_batch_keys(
        contoso.device_encryption.public, [bytes(32)] * 1000, org=contoso.org, dev=contoso.dev, jti=jti
    )
    common = Common(iss=ISS, org=contoso.org, sub=contoso.sub, dev=contoso.dev, iat=NOW)
    batch = UseLicenseBatch(jti=jti, common=common, results=(license_,) * 1000, keys=keys)
    assert len(batch.sign(contoso.issuing)) < jws.LIMITS[jws.Kind.USE_BATCH]


def statement_of(contoso: Organization, seq: int, from_seq: int, *entries: FeedEntry) -> FeedStatement:
    return FeedStatement(org=contoso.org, seq=seq, as_of=NOW + seq, from_seq=from_seq, entries=entries)


def test_feed(contoso: Organization) -> None:
    document, person = secrets.token_bytes(16), secrets.token_bytes(16)
    raised = FeedEntry(document, rev=5)
    disabled = FeedEntry(pair_id(document, person), before=NOW)
    first = statement_of(contoso, 1, 0, raised)
    assert FeedStatement.verify(first.sign(contoso.issuing), chain=contoso.chain) == first
    state = FeedState(org=contoso.org).advance(first).advance(statement_of(contoso, 2, 2, disabled))
    with pytest.raises(Revoked):
        state.check([document], rev=4, iat=NOW)
    with pytest.raises(Revoked):
        state.check([pair_id(document, person)], rev=9, iat=NOW - 1)
    state.check([document, person, pair_id(document, person)], rev=5, iat=NOW)
    with pytest.raises(FeedGap):
        state.advance(statement_of(contoso, 9, 8))
    with pytest.raises(InvalidObject):
        state.advance(statement_of(contoso, 1, 0))
    assert state.advance(statement_of(contoso, 9, 0)).entries == {}


def test_proof(contoso: Organization) -> None:
    request = Request(method="POST", url="http://contoso.localhost/api/v1/licenses", token="t", body=b"{}")
    token = sign_proof(request, signer=contoso.device, jti=uuid.uuid4(), iat=NOW)
    assert DeviceProof.parse(token).key_id == contoso.device.key_id
    DeviceProof.parse(token).verify(key=contoso.device.verify_key, request=request, now=NOW + 300)
    other = dataclasses.replace(request, body=b"[]")
    with pytest.raises(WrongBinding):
        DeviceProof.parse(token).verify(key=contoso.device.verify_key, request=other, now=NOW)


def test_no_object_passes_for_another(contoso: Organization) -> None:
    """Every token is refused as every other type, before its signature is looked at."""
    tokens = {
        jws.Kind.STATEMENT: contoso.statement.sign(contoso.installation),
        jws.Kind.DELEGATION: contoso.delegation,
        jws.Kind.ACCOUNT: contoso.account.sign(contoso.installation),
        jws.Kind.LICENSOR: contoso.licensor,
        jws.Kind.PUBLISHING: contoso.license.token,
        jws.Kind.USE: contoso.use(bytes(32)).sign(contoso.issuing),
        jws.Kind.BODY: contoso.seal(facts_of(contoso)),
    }
    for made, token in tokens.items():
        for kind in jws.Kind:
            if kind is not made:
                with pytest.raises(InvalidObject):
                    jws.parse(token, kind)


def test_too_long_tokens_are_refused_before_they_are_decoded() -> None:
    for kind, limit in jws.LIMITS.items():
        with pytest.raises(InvalidObject, match="at most"):
            jws.parse("A" * (limit + 1), kind)
