"""A token that was copied on its way changes nothing: writes need a proof by the device of its sign-in."""

from pathlib import Path
from uuid import uuid4

import pytest

from audit.models import EventPersonal
from chancery.crypto.keys import EncryptionPrivateKey
from chancery.crypto.signatures import SigningKey
from chancery.crypto.suites import ED25519, MLKEM768_X25519
from chancery.objects.jws import b64
from tenants.context import in_organization
from tests.cast import BASE, Cast
from tests.protection.steps import (
    MAX,
    RITA,
    call,
    ledger,
    origin_of,
    proof_for,
    protect,
    rights,
    send,
    token_of,
)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "documents/{cid}/revoke"),
        ("POST", "documents/{cid}/restore"),
        ("PUT", "documents/{cid}/policy"),
        ("POST", "people"),
        ("POST", "applications"),
        ("PATCH", "settings"),
        ("POST", "templates/import"),
    ],
)
def test_a_copied_token_changes_nothing(cast: Cast, plan: Path, method: str, path: str) -> None:
    shared = protect(cast.ada, plan, f"{RITA}:VIEW", offline_days=0)
    address = f"/api/v1/{path.format(cid=shared.cid)}"
    body = {"confirm": "plan.txt"}
    refused = call(cast.ada, "contoso", method, address.removeprefix("/api/v1/"), body, proof="")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_object")
    assert "device proof" in refused.json()["detail"]
    token, url = token_of(cast.ada, "contoso"), origin_of("contoso") + address
    foreign = proof_for(cast.max, method, url, token, b"{}")
    answer = send(cast.ada, origin_of("contoso"), method, address, {}, token=token, proof=foreign)
    assert answer.status_code == 422, "the thief's own device is not the person's"
    other = cast.enroll("ada-elsewhere", cast.ada.id, cast.ada.address)
    mixed = proof_for(other, method, url, token, b"{}")
    answer = send(cast.ada, origin_of("contoso"), method, address, {}, token=token, proof=mixed)
    assert answer.status_code == 403, "another device of the person is not the one of the token"
    assert call(cast.ada, "contoso", "GET", f"documents/{shared.cid}", proof="").status_code == 200, "it reads"
    assert rights(cast.rita, shared.path) == {"VIEW"}


def test_nor_at_the_base_domain(cast: Cast) -> None:
    name = {"name": "Somebody"}
    token = cast.max.session.service._tokens.for_origin(cast.max.session.account, BASE)
    refused = send(cast.max, BASE, "PATCH", "/api/v1/me", name, token=token, proof="")
    assert refused.status_code == 422
    device = cast.max.session.account.device
    assert send(cast.max, BASE, "DELETE", f"/api/v1/devices/{device}", {}, token=token, proof="").status_code == 422
    assert send(cast.max, BASE, "GET", "/api/v1/me", token=token, proof="").json()["name"] == "Max"


def test_a_copied_token_enrolls_no_device(cast: Cast) -> None:
    """In the first minutes of a sign-in a device of the thief's own would open what the person may open."""
    nina = cast.enroll(f"nina-{uuid4().hex[:6]}", cast.max.id, MAX)
    token = nina.session.service._tokens.for_origin(nina.session.account, BASE)
    signing, encryption = SigningKey.generate(ED25519), EncryptionPrivateKey.generate(MLKEM768_X25519)
    wanted = {
        "name": "another",
        "platform": "linux",
        "signing": {"alg": ED25519.name, "public": b64(signing.verify_key.raw)},
        "encryption": {"kem": MLKEM768_X25519.name, "public": b64(encryption.public.raw)},
    }
    refused = send(nina, BASE, "POST", "/api/v1/devices", wanted, token=token, proof="")
    assert refused.status_code == 403, refused.content
    account = nina.session.account
    own = wanted | {
        "signing": {"alg": ED25519.name, "public": b64(account.signing.verify_key.raw)},
        "encryption": {"kem": MLKEM768_X25519.name, "public": b64(account.encryption.public.raw)},
    }
    again = send(nina, BASE, "POST", "/api/v1/devices", own, token=token, proof="")
    assert (again.status_code, again.json()["id"]) == (201, str(account.device)), "the device did not get its answer"


def test_what_was_managed_is_recorded_with_its_device(cast: Cast, plan: Path) -> None:
    shared = protect(cast.olga, plan, f"{RITA}:VIEW")
    call(cast.olga, "contoso", "POST", f"documents/{shared.cid}/revoke", {"confirm": "plan.txt"})
    (event,) = ledger(cast, "contoso", "content.revoked", cid=shared.cid)
    with in_organization(cast.organizations["contoso"].id):
        assert EventPersonal.objects.get(event_id=event.id).device_id == cast.olga.session.account.device


def test_a_proof_is_about_the_address_however_it_is_written(cast: Cast) -> None:
    """Names in addresses are percent-encoded by some clients and decoded by some servers."""
    for name in ("b%C3%BCcher.example", "b%c3%bccher.example", "a%40b", "100%25"):
        answer = call(cast.ada, "contoso", "POST", f"domains/{name}/prove")
        assert answer.status_code in {400, 404}, answer.content
