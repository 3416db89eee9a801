"""What an enemy sends to the service: refused with the right code, and recorded."""

import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.http import HttpResponse

from chancery.errors import ChanceryError
from chancery.objects import jws
from chancery.objects.body import BodySeal, sign_body
from chancery.objects.edit import EditCertificate
from chancery.objects.envelope_content import Envelope, TemplateReference
from chancery.objects.jws import Kind, b64
from chancery.objects.publishing import PublishingLicense, content_id, publish
from chancery.objects.strict_json import JSON
from chancery.objects.use import UseLicense
from chancery.sdk.results import Protected
from chancery.sealing.read import open_sealed
from tests.cast import Cast, Player
from tests.protection.steps import (
    MAX,
    RITA,
    call,
    ledger,
    objects,
    opening,
    origin_of,
    problem,
    proof_for,
    protect,
    send,
    token_of,
    watched,
)

TAMPERED = ["content.tampered"]


@pytest.fixture
def sealed(cast: Cast, plan: Path) -> Protected:
    return protect(cast.olga, plan, f"{RITA}:VIEW,EDIT", f"{MAX}:VIEW", offline_days=0)


@pytest.fixture
def on_record(cast: Cast) -> Callable[..., list[str]]:
    """Return a function that tells which attacks were recorded since, as their reasons or codes."""
    since = watched(cast, "contoso", "content.tampered", "proof.refused", "content.opened")

    def found(*kinds: str) -> list[str]:
        return [event.kind for event in since() if event.outcome == "refused" and event.kind in kinds]

    return found


@dataclass
class Kit:
    """What a member has by right to publish, for making what they have no right to."""

    player: Player

    def __post_init__(self) -> None:
        session = self.player.session
        self.place = session.own_organization()
        self.publishing = self.place.publishing()
        self.account = session.account

    def license(self, **changes: Any) -> PublishingLicense:
        """Return the attacker's own publishing license, which nobody else opens."""
        person = self.account.person
        envelope = Envelope(key=secrets.token_bytes(32), issuer=person, owner=person, policy={"v": 1})
        members = {
            "iss": self.account.iss,
            "org": self.place.id,
            "tenant_key": self.place.statement().active_encryption_key(),
            "signer": self.account.signing,
            "clc": self.publishing.token,
            "nonce": secrets.token_bytes(16),
            "iat": int(time.time()),
        }
        return publish(replace(envelope, **changes.pop("envelope", {})), **{**members, **changes})  # type: ignore[arg-type]

    def forged(self, claims: dict[str, JSON], clc: str | None = None) -> str:
        """Sign any claims as a publishing license."""
        return jws.sign(Kind.PUBLISHING, claims, self.account.signing, {"clc": clc or self.publishing.token})

    def seal(self, license_: str, like: BodySeal, certificate: str | None = None, **changes: Any) -> str:
        """Seal some body for any publishing license."""
        parsed = PublishingLicense.parse(license_)
        facts = replace(like.facts, org=parsed.org, cid=parsed.cid, pl=parsed.digest, **changes)
        return sign_body(
            facts,
            signer=self.account.signing,
            certificate=certificate or self.publishing.token,
            delegation=self.publishing.delegation,
            iat=int(time.time()),
        )


def claims_of(token: str) -> dict[str, JSON]:
    return dict(jws.parse(token, Kind.PUBLISHING).claims)


def body_of(sealed: Protected) -> BodySeal:
    with open_sealed(sealed.path) as file:
        return file.body_seal


def license_of(sealed: Protected) -> PublishingLicense:
    with open_sealed(sealed.path) as file:
        return file.publishing_license


def ask(player: Player, license_: str, seal: str) -> HttpResponse:
    return call(player, "contoso", "POST", "licenses", {"publishing_license": license_, "body_seal": seal})


# --- publishing licenses -----------------------------------------------------------------------------------------


def test_an_envelope_lifted_into_a_license_of_ones_own(cast: Cast, sealed: Protected, on_record: Any) -> None:
    """Max takes the sealed key out of Olga's license into one of Max's own."""
    kit, mine = Kit(cast.max), Kit(cast.max).license()
    lifted = kit.forged({**claims_of(mine.token), "env": b64(license_of(sealed).env)})
    problem(ask(cast.max, lifted, kit.seal(lifted, body_of(sealed))), 403, "tampered")
    assert on_record("content.tampered") == TAMPERED


def test_an_envelope_lifted_together_with_its_content_id(cast: Cast, sealed: Protected, on_record: Any) -> None:
    kit, olgas = Kit(cast.max), claims_of(license_of(sealed).token)
    nonce = secrets.token_bytes(16)
    for claims in (
        {**olgas, "iat": int(time.time())},
        {**olgas, "nonce": b64(nonce)},
        {**olgas, "cid": str(content_id(org=kit.place.id, signer=kit.account.signing.key_id, nonce=nonce))},
    ):
        forged = kit.forged(claims)
        problem(ask(cast.max, forged, kit.seal(forged, body_of(sealed))), 403, "tampered")
    assert on_record("content.tampered") == TAMPERED * 3


def test_a_squatted_content_id(cast: Cast, plan: Path, on_record: Any) -> None:
    """A reader registers a policy of their own under the id of a document the service has not seen yet."""
    kit = Kit(cast.max)
    unseen = Kit(cast.olga).license()
    squatted = kit.forged({**claims_of(kit.license().token), "cid": str(unseen.cid), "nonce": b64(unseen.nonce)})
    like = body_of(protect(cast.max, plan))
    problem(ask(cast.max, squatted, kit.seal(squatted, like)), 403, "tampered")
    assert on_record("content.tampered") == TAMPERED
    assert ledger(cast, "contoso", cid=unseen.cid) == []


def test_another_license_of_the_same_device_under_a_content_id_in_use(cast: Cast, plan: Path, on_record: Any) -> None:
    kit, nonce = Kit(cast.olga), secrets.token_bytes(16)
    first, second = kit.license(nonce=nonce), kit.license(nonce=nonce)
    like = body_of(protect(cast.olga, plan))
    answer = call(
        cast.olga,
        "contoso",
        "POST",
        "registrations",
        {"publishing_license": first.token, "body_seal": kit.seal(first.token, like)},
    )
    assert answer.status_code == 201
    second_seal = kit.seal(second.token, like)
    body = {"publishing_license": second.token, "body_seal": second_seal}
    problem(call(cast.olga, "contoso", "POST", "registrations", body), 409, "content_id_conflict")
    (event,) = ledger(cast, "contoso", "content.tampered", cid=first.cid)
    assert (event.outcome, event.reason) == ("refused", "content_id_conflict")


def test_a_license_signed_again_by_another_device(cast: Cast, sealed: Protected, on_record: Any) -> None:
    """Max signs Olga's claims under Olga's certificate, then under Max's own."""
    kit, olgas = Kit(cast.max), license_of(sealed)
    assert olgas.clc is not None
    for clc in (olgas.clc, None):
        forged = kit.forged({**claims_of(olgas.token), "iat": olgas.iat + 1}, clc)
        problem(ask(cast.max, forged, kit.seal(forged, body_of(sealed), certificate=clc)), 403, "tampered")
    assert on_record("content.tampered") == TAMPERED * 2


def test_an_issuer_who_is_somebody_else(cast: Cast, plan: Path, on_record: Any) -> None:
    kit = Kit(cast.max)
    forged = kit.license(envelope={"issuer": cast.olga.id, "owner": cast.olga.id})
    problem(ask(cast.max, forged.token, kit.seal(forged.token, body_of(protect(cast.max, plan)))), 403, "tampered")
    assert on_record("content.tampered") == TAMPERED


def test_an_owner_who_was_never_asked_is_held(cast: Cast, plan: Path) -> None:
    kit = Kit(cast.max)
    forged = kit.license(envelope={"owner": cast.olga.id})
    body = {"publishing_license": forged.token, "body_seal": kit.seal(forged.token, body_of(protect(cast.max, plan)))}
    answer = call(cast.max, "contoso", "POST", "registrations", body)
    assert answer.json()["registration"] == "pending"
    (event,) = ledger(cast, "contoso", "content.pending", cid=forged.cid)
    assert event.reason == "owner_not_permitted"


@pytest.mark.parametrize("owner", ["rita", "nobody"])
def test_an_owner_from_elsewhere_is_held_and_nothing_is_revealed_about_them(cast: Cast, plan: Path, owner: str) -> None:
    """An administrator may name an owner, and finds people's ids in clear in files that came to them."""
    cast.ada.session.own_organization().publishing(for_others=True)
    kit = Kit(cast.ada)
    forged = kit.license(envelope={"owner": cast.rita.id if owner == "rita" else uuid4()})
    body = {"publishing_license": forged.token, "body_seal": kit.seal(forged.token, body_of(protect(cast.ada, plan)))}
    answer = call(cast.ada, "contoso", "POST", "registrations", body)
    assert answer.json()["registration"] == "pending"
    shown = call(cast.ada, "contoso", "GET", f"documents/{forged.cid}").json()
    assert (shown["pending_because"], shown["document"]["owner"]) == ("owner_unknown", "")


@pytest.mark.parametrize(("shift", "reason"), [(3600, "from_the_future"), (-60 * 86_400, "outside_certificate")])
def test_a_license_with_a_date_that_cannot_be_is_held(cast: Cast, plan: Path, shift: int, reason: str) -> None:
    kit = Kit(cast.max)
    forged = kit.license(iat=int(time.time()) + shift)
    body = {"publishing_license": forged.token, "body_seal": kit.seal(forged.token, body_of(protect(cast.max, plan)))}
    assert call(cast.max, "contoso", "POST", "registrations", body).json()["registration"] == "pending"
    assert ledger(cast, "contoso", "content.pending", cid=forged.cid)[0].reason == reason


def test_the_key_of_another_organization(cast: Cast, plan: Path, on_record: Any) -> None:
    kit = Kit(cast.max)
    theirs = cast.mallory.session.own_organization().statement().active_encryption_key()
    forged = kit.license(tenant_key=theirs)
    problem(ask(cast.max, forged.token, kit.seal(forged.token, body_of(protect(cast.max, plan)))), 403, "tampered")
    assert on_record("content.tampered") == TAMPERED


def test_a_whole_document_of_another_organization(cast: Cast, plan: Path, on_record: Any) -> None:
    """Mallory's own, genuine document, brought to Contoso."""
    theirs = protect(cast.mallory, plan, "authenticated:OWNER")
    both = objects(theirs.path)
    problem(ask(cast.mallory, both["publishing_license"], both["body_seal"]), 403, "tampered")
    assert on_record("content.tampered") == TAMPERED


def test_a_certificate_of_another_organization(cast: Cast, plan: Path, on_record: Any) -> None:
    """Mallory signs for Contoso with the certificate that her own organization gave her."""
    kit = Kit(cast.mallory)
    contoso = Kit(cast.max)
    forged = kit.license(org=contoso.place.id, tenant_key=contoso.place.statement().active_encryption_key())
    problem(ask(cast.mallory, forged.token, kit.seal(forged.token, body_of(protect(cast.max, plan)))), 403, "tampered")
    assert on_record("content.tampered") == TAMPERED


def test_a_template_that_does_not_exist(cast: Cast, plan: Path, on_record: Any) -> None:
    kit = Kit(cast.max)
    unknown = {"policy": None, "template": TemplateReference(uuid4(), 1)}
    forged = kit.license(envelope=unknown)
    problem(ask(cast.max, forged.token, kit.seal(forged.token, body_of(protect(cast.max, plan)))), 403, "tampered")
    assert on_record("content.tampered") == TAMPERED


# --- body seals --------------------------------------------------------------------------------------------------


def test_a_body_sealed_under_the_certificate_of_another_device(cast: Cast, sealed: Protected, on_record: Any) -> None:
    """Max, who may only read, seals another text under Olga's license."""
    kit, license_ = Kit(cast.max), license_of(sealed)
    for certificate in (kit.publishing.token, license_.clc):
        like = body_of(sealed)
        another = replace(like.facts.body, root=secrets.token_bytes(32))
        forged = kit.seal(license_.token, like, certificate=certificate, body=another)
        problem(ask(cast.max, license_.token, forged), 403, "tampered")
    assert on_record("content.tampered") == TAMPERED * 2


@pytest.fixture
def edit(cast: Cast, sealed: Protected) -> str:
    """Return the edit certificate of Rita's license."""
    certificate = opening(cast.rita, sealed.path).edit
    assert certificate is not None
    return certificate


def next_seal(player: Player, sealed: Protected, certificate: str, delegation: str) -> str:
    before = body_of(sealed)
    return sign_body(
        replace(before.facts, n=2, prev=before.digest),
        signer=player.session.account.signing,
        certificate=certificate,
        delegation=delegation,
        iat=int(time.time()),
    )


def test_somebody_elses_edit_certificate(cast: Cast, sealed: Protected, edit: str, on_record: Any) -> None:
    """Max signs with another device under the certificate that Rita has."""
    forged = next_seal(cast.max, sealed, edit, Kit(cast.max).publishing.delegation)
    problem(ask(cast.max, license_of(sealed).token, forged), 403, "tampered")
    assert on_record("content.tampered") == TAMPERED


def test_an_edit_certificate_of_another_document(cast: Cast, plan: Path, edit: str, on_record: Any) -> None:
    other = protect(cast.olga, plan, f"{RITA}:VIEW")
    forged = next_seal(cast.rita, other, edit, Kit(cast.max).publishing.delegation)
    problem(ask(cast.rita, license_of(other).token, forged), 403, "tampered")
    assert on_record("content.tampered") == TAMPERED


def test_an_edit_certificate_signed_by_its_holder(cast: Cast, sealed: Protected, on_record: Any) -> None:
    """Max, who may only read, forges the right to edit."""
    account, license_ = cast.max.session.account, license_of(sealed)
    own = EditCertificate(
        org=license_.org,
        cid=license_.cid,
        pl=license_.digest,
        sub=account.person,
        dev=account.device,
        key=account.signing.verify_key,
        rev=1,
        iat=int(time.time()),
        exp=int(time.time()) + 3600,
    ).sign(account.signing)
    forged = next_seal(cast.max, sealed, own, Kit(cast.max).publishing.delegation)
    problem(ask(cast.max, license_.token, forged), 403, "tampered")
    assert on_record("content.tampered") == TAMPERED


def test_a_use_license_in_place_of_an_edit_certificate(cast: Cast, sealed: Protected, on_record: Any) -> None:
    both = objects(sealed.path)
    answer = ask(cast.max, both["publishing_license"], both["body_seal"]).json()
    forged = next_seal(cast.max, sealed, answer["use_license"], answer["delegation"])
    problem(ask(cast.max, both["publishing_license"], forged), 403, "tampered")
    assert on_record("content.tampered") == TAMPERED


def test_a_body_moved_under_another_license_of_the_same_person(cast: Cast, plan: Path, on_record: Any) -> None:
    one, other = protect(cast.olga, plan, f"{MAX}:VIEW"), protect(cast.olga, plan, f"{MAX}:VIEW")
    problem(ask(cast.max, license_of(one).token, body_of(other).token), 403, "tampered")
    assert on_record("content.tampered") == TAMPERED


def test_an_unknown_seal_by_digest_alone_decides_nothing(cast: Cast, sealed: Protected) -> None:
    wanted = {"pl": b64(license_of(sealed).digest), "seal": b64(secrets.token_bytes(32))}
    problem(call(cast.max, "contoso", "POST", "licenses", wanted), 409, "send_whole_license")


def test_a_license_sealed_to_another_device_is_worth_nothing(cast: Cast, sealed: Protected) -> None:
    both = objects(sealed.path)
    answer = ask(cast.rita, both["publishing_license"], both["body_seal"]).json()
    place = cast.max.session.own_organization()
    account = cast.max.session.account
    with pytest.raises(ChanceryError):
        UseLicense.verify(
            answer["use_license"], chain=place.chain(answer["delegation"]), sub=account.person, dev=account.device
        )
    theirs = cast.rita.session.account
    use = UseLicense.verify(
        answer["use_license"], chain=place.chain(answer["delegation"]), sub=theirs.person, dev=theirs.device
    )
    with pytest.raises(ChanceryError):
        use.content_key(account.key_store(), account.encryption.key_id)


# --- tokens and proofs -------------------------------------------------------------------------------------------


def test_a_token_of_another_origin(cast: Cast, sealed: Protected) -> None:
    """A token that Rita's own organization could have kept is worth nothing at Contoso, and the other way round."""
    both = objects(sealed.path)
    for slug, other in (("contoso", "fabrikam"), ("fabrikam", "contoso")):
        answer = call(cast.rita, slug, "POST", "licenses", both, token=token_of(cast.rita, other))
        problem(answer, 401, "unauthorized")
        assert "another origin" in answer.json()["detail"]


def test_requests_without_token_or_with_an_invented_one(cast: Cast, sealed: Protected) -> None:
    for token in ("", "invented"):
        answer = call(cast.rita, "contoso", "POST", "licenses", objects(sealed.path), token=token)
        problem(answer, 401, "unauthorized")
        assert answer["WWW-Authenticate"].startswith("Bearer")


PATH = "/api/v1/licenses"


def test_a_proof_replayed_is_refused_and_on_record(cast: Cast, sealed: Protected, on_record: Any) -> None:
    both = objects(sealed.path)
    origin, token = origin_of("contoso"), token_of(cast.rita, "contoso")
    genuine = proof_for(cast.rita, "POST", origin + PATH, token, json_of(both))
    assert send(cast.rita, origin, "POST", PATH, both, proof=genuine).status_code == 200
    other_body = {**both, "pl": b64(bytes(32))}
    elsewhere = proof_for(cast.rita, "POST", origin_of("fabrikam") + PATH, token, json_of(both))
    late = proof_for(cast.rita, "POST", origin + PATH, token, json_of(both), iat=time.time() - 301)
    early = proof_for(cast.rita, "POST", origin + PATH, token, json_of(both), iat=time.time() + 330)
    other_token = proof_for(cast.rita, "POST", origin + PATH, token + "x", json_of(both))
    other_verb = proof_for(cast.rita, "PUT", origin + PATH, token, json_of(both))
    somebody_else = proof_for(cast.max, "POST", origin + PATH, token, json_of(both))
    refused = [
        send(cast.rita, origin, "POST", PATH, other_body, proof=genuine),
        send(cast.rita, origin, "POST", PATH + "/batch", {"items": [both]}, proof=genuine),
        *(
            send(cast.rita, origin, "POST", PATH, both, proof=proof)
            for proof in (elsewhere, late, early, other_token, other_verb, somebody_else, "nonsense", genuine + "A")
        ),
    ]
    assert [answer.status_code for answer in refused] == [422] * len(refused)
    assert all(answer.json()["code"] for answer in refused)
    assert len(on_record("proof.refused")) == len(refused)


def json_of(body: object) -> bytes:
    return json.dumps(body).encode()


def test_a_missing_proof_is_refused_by_every_call_that_needs_one(cast: Cast, on_record: Any) -> None:
    paths = ["licenses", "licenses/batch", "certificates", "publications", "registrations", "events"]
    answers = [call(cast.max, "contoso", "POST", path, {}, proof="") for path in paths]
    assert [answer.status_code for answer in answers] == [422] * len(paths)
    assert len(on_record("proof.refused")) == len(paths)


# --- races -------------------------------------------------------------------------------------------------------


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the readers do not get on"
        time.sleep(0.01)


def test_no_license_leaves_after_the_revocation_was_answered(cast: Cast, plan: Path) -> None:
    """Four threads open as fast as they can while the owner revokes."""
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=7)
    with open_sealed(sealed.path) as file:
        wanted = {"pl": b64(file.publishing_license.digest), "seal": b64(file.body_seal.digest)}
    token_of(cast.rita, "contoso")
    answers: list[tuple[float, int, str]] = []
    stop = threading.Event()

    def reader() -> None:
        try:
            while not stop.is_set():
                began = time.monotonic()
                answer = call(cast.rita, "contoso", "POST", "licenses", wanted)
                answers.append((began, answer.status_code, str(answer.json().get("use_license", ""))))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=reader) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: len(answers) >= 20)
        revoked = call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"confirm": "plan.txt"})
        done = time.monotonic()
        wait_until(lambda: len([began for began, _, _ in answers if began > done]) >= 8)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert revoked.status_code == 200
    assert {status for _, status, _ in answers} <= {200, 403, 503}
    assert not [answer for answer in answers if answer[0] > done and answer[1] == 200]
    licenses = [jws.parse(token, Kind.USE).claims for _, _, token in answers if token]
    assert all(int(str(claims["rev"])) < revoked.json()["rev"] for claims in licenses), (
        "the feed kills every one of them"
    )
    allowed = {str(event.id) for event in ledger(cast, "contoso", "content.opened", cid=sealed.cid, outcome="allowed")}
    assert {str(claims["jti"]) for claims in licenses} == allowed
