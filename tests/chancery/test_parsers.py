"""Every parser answers with an object or a refusal, whatever it is given."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chancery.crypto.suites import P256_SUITE
from chancery.errors import ChanceryError, InvalidObject
from chancery.objects import jws, strict_json
from chancery.objects.batch import UseLicenseBatch
from chancery.objects.body import BodySeal
from chancery.objects.edit import EditCertificate
from chancery.objects.envelope_content import Envelope
from chancery.objects.feed import FeedStatement
from chancery.objects.jws import Kind, b64
from chancery.objects.licensor import LicensorCertificate
from chancery.objects.publishing import PublishingLicense
from chancery.objects.statement import OrganizationStatement
from chancery.objects.use import UseLicense
from chancery.sealing.metadata import Metadata
from tests.chancery.cast import ISS, NOW, Organization

CONTOSO = Organization(P256_SUITE)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=50) | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def good_tokens() -> dict[Kind, str]:
    use = CONTOSO.use(bytes(32))
    return {
        Kind.STATEMENT: CONTOSO.statement.sign(CONTOSO.installation),
        Kind.LICENSOR: CONTOSO.licensor,
        Kind.PUBLISHING: CONTOSO.license.token,
        Kind.USE: use.sign(CONTOSO.issuing),
        Kind.FEED: FeedStatement(org=CONTOSO.org, seq=1, as_of=NOW, from_seq=0, entries=()).sign(CONTOSO.issuing),
    }


GOOD = good_tokens()


def verify(kind: Kind, token: str) -> Any:
    owner: dict[str, Any] = {"chain": CONTOSO.chain, "sub": CONTOSO.sub, "dev": CONTOSO.dev}
    pinned = CONTOSO.installation.verify_key
    readers: dict[Kind, Any] = {
        Kind.STATEMENT: lambda: OrganizationStatement.verify(token, pinned=pinned, iss=ISS, now=NOW),
        Kind.LICENSOR: lambda: LicensorCertificate.verify(token, chain=CONTOSO.chain),
        Kind.PUBLISHING: lambda: PublishingLicense.parse(token),
        Kind.USE: lambda: UseLicense.verify(token, **owner),
        Kind.USE_BATCH: lambda: UseLicenseBatch.verify(token, **owner),
        Kind.FEED: lambda: FeedStatement.verify(token, chain=CONTOSO.chain),
        Kind.EDIT: lambda: EditCertificate.verify(token, chain=CONTOSO.chain, pl=bytes(32)),
        Kind.BODY: lambda: BodySeal.parse(token),
    }
    return readers[kind]()


def forged(kind: Kind, claims: Any) -> str:
    """Claims nobody checked, under a genuine signature."""
    signer = CONTOSO.installation if kind is Kind.STATEMENT else CONTOSO.issuing
    header = {"alg": "ES256", "typ": kind.value, "kid": b64(signer.key_id)}
    signing_input = ".".join(b64(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{signing_input}.{b64(signer.sign(signing_input.encode()))}"


@given(st.binary(max_size=200))
def test_any_bytes_as_json(data: bytes) -> None:
    try:
        found = strict_json.decode(data)
    except InvalidObject:
        return
    assert strict_json.encode(found) == data


@given(st.dictionaries(st.text(max_size=10), VALUES, max_size=5))
@settings(deadline=None)
def test_what_is_written_can_be_read(value: dict[str, Any]) -> None:
    try:
        data = strict_json.encode(value)
    except (InvalidObject, ValueError):
        return
    assert strict_json.decode(data) == value


@pytest.mark.parametrize("depth", [100, 1_000, 10_000, 100_000])
def test_deep_nesting_is_refused_without_a_crash(depth: int) -> None:
    for opening in (b"[", b'{"a":'):
        with pytest.raises(InvalidObject):
            strict_json.decode(b'{"a":' + opening * depth)


@given(st.text(max_size=300), st.sampled_from(list(Kind)))
def test_any_text_as_a_token(token: str, kind: Kind) -> None:
    with pytest.raises(InvalidObject):
        jws.parse(token, kind)


@given(st.sampled_from(list(GOOD)), st.data())
@settings(max_examples=80, deadline=None)
def test_a_changed_token_is_refused(kind: Kind, data: st.DataObject) -> None:
    token = GOOD[kind]
    at = data.draw(st.integers(0, len(token) - 1))
    changed = token[:at] + data.draw(st.text("AZaz09-_.=+/ \n", max_size=3)) + token[at + 1 :]
    if changed == token or (kind is Kind.PUBLISHING and changed.rpartition(".")[0] == token.rpartition(".")[0]):
        return
    try:
        found = verify(kind, changed)
    except ChanceryError:
        return
    assert kind is Kind.PUBLISHING, "every other reader verifies the signature"
    assert found.digest != CONTOSO.license.digest


@given(st.sampled_from([kind for kind in GOOD if kind is not Kind.PUBLISHING]), st.data())
@settings(max_examples=80, deadline=None)
def test_a_member_of_the_wrong_kind_is_refused(kind: Kind, data: st.DataObject) -> None:
    """A genuine signature over nonsense: the types of members are checked, not assumed."""
    claims: dict[str, Any] = dict(jws.parse(GOOD[kind], kind).claims)
    name = data.draw(st.sampled_from(sorted(claims.keys() - {"successor"})))
    value = data.draw(VALUES)
    if data.draw(st.booleans()):
        claims[name] = value
    else:
        del claims[name]
    try:
        verify(kind, forged(kind, claims))
    except ChanceryError:
        return
    assert name in claims


@given(st.sampled_from([Kind.USE_BATCH, Kind.EDIT, Kind.USE, Kind.FEED]), st.dictionaries(st.text(max_size=8), VALUES))
@settings(max_examples=25, deadline=None)
def test_nonsense_under_a_genuine_signature(kind: Kind, claims: dict[str, Any]) -> None:
    with pytest.raises(ChanceryError):
        verify(kind, forged(kind, claims))


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(["key", "policy", "issuer", "owner", "v", "name", "size", "mtime"]), VALUES))
def test_envelopes_and_metadata(members: dict[str, Any]) -> None:
    data = json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    for reader in (Envelope.decode, Metadata.decode):
        with pytest.raises(ChanceryError):
            reader(data)
