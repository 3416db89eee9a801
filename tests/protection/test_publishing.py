"""How documents come to the service: offline and registered later, online, pending, and edition after edition."""

import json
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner

from chancery.cli.main import main
from chancery.objects.account import AccountCertificate
from chancery.objects.body import SealFacts, sign_body
from chancery.objects.edit import EditCertificate
from chancery.objects.publishing import PublishingLicense
from chancery.objects.use import UseLicense
from chancery.sdk.errors import NotSignedIn, Refused, ServiceError, Unreachable
from chancery.sdk.licenses import Licenses
from chancery.sdk.options import ProtectOptions
from chancery.sdk.results import Protected
from chancery.sdk.session import Session
from chancery.sealing.metadata import Metadata
from chancery.sealing.read import open_sealed
from chancery.sealing.write import seal_edition, seal_file
from portal.usecases.revocations import suspend_organization
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.revoke_device import revoke_device
from tenants.organizations.services.resume_organization import resume_organization
from tests.cast import ACTOR, Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import RITA, call, content, ledger, objects, opening, problem, protect, refusal, rights

HOST = "contoso.localhost:8000"


def edited(player: Player, sealed: Path, text: bytes) -> Path:
    """Save another text into a copy of the sealed file, and return the copy."""
    copy = sealed.with_name(f"{uuid4().hex[:8]}-{sealed.name}")
    copy.write_bytes(sealed.read_bytes())
    source = copy.with_suffix(".txt")
    source.write_bytes(text)
    player.session.save_edition(copy, source)
    return copy


# --- offline ------------------------------------------------------------------------------------------------------


def test_a_document_protected_without_a_network_is_registered_at_the_next_contact(cast: Cast, plan: Path) -> None:
    protect(cast.olga, plan)
    sent = len(cast.olga.http.sent)
    target = plan.with_name("offline.sealed")
    sealed = cast.olga.offline().protect(plan, ProtectOptions(grants=(f"{RITA}:VIEW",)), target=target)
    assert not sealed.registered
    assert len(cast.olga.http.sent) == sent, "nothing was sent"
    assert ledger(cast, "contoso", cid=sealed.cid) == []
    assert cast.olga.session.own_organization().send_waiting() >= 1
    assert [event.kind for event in ledger(cast, "contoso", cid=sealed.cid)] == ["content.registered"]


def test_who_may_edit_is_not_told_otherwise_without_a_network(cast: Cast, plan: Path) -> None:
    """The issuer's own license comes with no certificate for editions, and nobody's permission would help."""
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW").path
    with pytest.raises(Unreachable, match="Saving a change needs the service"):
        cast.olga.offline().save_edition(sealed, plan)
    opening(cast.rita, sealed)
    with pytest.raises(Refused, match="not change it"):
        cast.rita.offline().save_edition(sealed, plan)


def test_a_document_protected_without_a_network_is_registered_by_its_first_opening(cast: Cast, plan: Path) -> None:
    protect(cast.olga, plan)
    sealed = cast.olga.offline().protect(
        plan, ProtectOptions(grants=(f"{RITA}:VIEW",)), target=plan.with_name("offline.sealed")
    )
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    kinds = [event.kind for event in ledger(cast, "contoso", cid=sealed.cid)]
    assert kinds == ["content.opened", "content.registered"]


def test_the_publisher_reopens_without_ever_having_had_a_network_since(cast: Cast, plan: Path) -> None:
    protect(cast.olga, plan)
    sealed = cast.olga.offline().protect(plan, ProtectOptions(), target=plan.with_name("mine.sealed"))
    opened = cast.olga.offline().open_file(sealed.path, plan.with_name("mine"))
    assert (opened.source, opened.rights) == ("own", ("OWNER",))


def offline_copy(cast: Cast, player: Player, plan: Path) -> Path:
    """Return a document that a device protected without a network and keeps its own license of."""
    protect(player, plan)
    return player.offline().protect(plan, ProtectOptions(), target=plan.with_name(f"{uuid4().hex[:6]}.sealed")).path


def reopened(player: Player, sealed: Path) -> str:
    return player.offline().open_file(sealed, sealed.with_name(uuid4().hex)).source


def test_what_the_publisher_keeps_is_sealed_to_their_device(cast: Cast, plan: Path) -> None:
    sealed = offline_copy(cast, cast.olga, plan)
    home = cast.olga.session.home
    (kept,) = [record for name in home.names("licenses") if (record := home.read(name) or {}).get("kind") == "own"][-1:]
    assert kept["license"]["dev"] == str(cast.olga.session.account.device)
    other = cast.enroll("other device", cast.olga.id, cast.olga.address)
    mine, theirs = cast.olga.session.account.scope, other.session.account.scope
    for name in home.names("licenses"):
        other.session.home.write(name.replace(mine, theirs), home.read(name) or {})
    with pytest.raises(Unreachable):
        reopened(other, sealed)


def hear_from(other: Player, player: Player, organization: UUID) -> None:
    """Bring a device the feed as another one has just received it: its own sign-in has ended with the revocation."""
    other.session.organization(organization).feed(newest=True)
    mine, theirs = (f"organizations/{one.session.account.scope}-{organization}-feed" for one in (player, other))
    player.session.home.write(mine, other.session.home.read(theirs) or {})


@pytest.mark.parametrize("withdrawal", ["person", "device"])
def test_the_feed_takes_back_what_the_publisher_keeps(cast: Cast, plan: Path, withdrawal: str) -> None:
    player = cast.join(f"publisher-{withdrawal}", "contoso")
    sealed = offline_copy(cast, player, plan)
    assert reopened(player, sealed) == "own"
    contoso = cast.organizations["contoso"].id
    if withdrawal == "person":
        disable_person(organization_id=contoso, person_id=player.id, reason="left", actor=ACTOR)
    else:
        revoke_device(person_id=player.id, device_id=player.session.account.device, actor=ACTOR)
    assert reopened(player, sealed) == "own", "without a network nothing can be known"
    with pytest.raises(NotSignedIn):
        player.session.organization(contoso).feed(newest=True)
    hear_from(cast.olga, player, contoso)
    with pytest.raises(Unreachable):
        reopened(player, sealed)


def test_registering_twice_is_one_document(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan)
    answer = call(cast.olga, "contoso", "POST", "registrations", objects(sealed.path))
    assert (answer.status_code, answer.json()["cid"]) == (200, str(sealed.cid))
    assert len(ledger(cast, "contoso", "content.registered", cid=sealed.cid)) == 1


def test_a_new_device_without_any_contact_cannot_protect_offline(cast: Cast, plan: Path) -> None:
    player = cast.enroll("new device", cast.olga.id, cast.olga.address)
    player.session.me()
    with pytest.raises(Unreachable):
        player.offline().protect(plan, ProtectOptions())
    assert not plan.with_name("plan.txt.sealed").exists()


# --- pending ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def pending(cast: Cast, plan: Path) -> Protected:
    """Return a document that arrives after the device that made it was revoked."""
    lost = cast.enroll(f"lost-{uuid4().hex[:6]}", cast.olga.id, cast.olga.address)
    protect(lost, plan)
    sealed = lost.offline().protect(
        plan, ProtectOptions(grants=(f"{RITA}:VIEW",)), target=plan.with_name("pending.sealed")
    )
    revoke_device(person_id=lost.id, device_id=lost.session.account.device, actor=ACTOR)
    assert refusal(cast.rita, sealed.path).reason == "registration_pending"
    return sealed


def test_a_held_document_waits_for_an_administrator_who_accepts_it(cast: Cast, pending: Protected) -> None:
    found = call(cast.ada, "contoso", "GET", "documents?scope=all&state=pending").json()["results"]
    assert str(pending.cid) in {row["cid"] for row in found}
    problem(call(cast.max, "contoso", "POST", f"documents/{pending.cid}/accept"), 403, "permission_denied")
    assert call(cast.ada, "contoso", "POST", f"documents/{pending.cid}/accept").status_code == 200
    assert rights(cast.rita, pending.path) == {"VIEW"}
    kinds = [event.kind for event in ledger(cast, "contoso", cid=pending.cid)]
    assert kinds == ["content.opened", "content.accepted", "content.opened", "content.pending"]


def test_a_blocked_document_stays_closed(cast: Cast, pending: Protected) -> None:
    path, stated = f"documents/{pending.cid}/block", {"reason": "Not one of ours"}
    asked = problem(call(cast.ada, "contoso", "POST", path, stated), 409, "confirmation_required")
    assert (asked["confirm"], asked["reason_required"]) == ("plan.txt", True)
    assert any("cannot be undone" in one for one in asked["consequences"])
    assert ledger(cast, "contoso", "content.blocked", cid=pending.cid) == [], "nothing is blocked by asking"
    assert call(cast.ada, "contoso", "POST", path, {**stated, "confirm": "plan.txt"}).status_code == 200
    assert ledger(cast, "contoso", "content.blocked", cid=pending.cid)[0].details["note"] == "Not one of ours"
    assert refusal(cast.rita, pending.path).reason == "registration_pending"
    call(cast.ada, "contoso", "POST", f"documents/{pending.cid}/accept")
    assert refusal(cast.rita, pending.path).reason == "registration_pending", "blocked is for good"


def test_page_and_command_line_ask_before_a_document_is_blocked(cast: Cast, pending: Protected, chancery: Any) -> None:
    asked = chancery("pending", "block", pending.cid, "--reason", "Not ours", who=cast.ada)
    assert (asked.exit_code, "cannot be undone" in asked.stderr) == (2, True)
    browser = Site(cast, {}).browser(HOST, cast.ada, keep=False)
    path, here = f"/documents/{pending.cid}/pending/", {"Host": HOST, "Sec-Fetch-Site": "same-origin"}
    shown = browser.post(path, {"decision": "block"}, headers=here).content.decode()
    assert "Block “plan.txt” for good?" in shown
    assert "cannot be undone" in shown
    assert ledger(cast, "contoso", "content.blocked", cid=pending.cid) == []
    stated = {"decision": "block", "confirm": "plan.txt", "reason": "Not ours"}
    assert browser.post(path, stated, headers=here).status_code == 302
    (event,) = ledger(cast, "contoso", "content.blocked", cid=pending.cid)
    assert event.details["note"] == "Not ours"
    again = chancery("pending", "block", pending.cid, who=cast.ada)
    assert (again.exit_code, "does not wait" in again.stdout) == (0, True), "what is decided is not asked about"


# --- online -------------------------------------------------------------------------------------------------------


def publish_online(player: Player, source: Path, **options: Any) -> tuple[Path, UUID]:
    """Seal a file under a license that the service made, as a client without tenant keys does."""
    answer = call(player, "contoso", "POST", "publications", {"title": source.name, **options})
    assert answer.status_code == 201, answer.content
    made = answer.json()
    place = player.session.own_organization()
    chain = place.chain(made["delegation"])
    account: AccountCertificate = player.session.account.certificate(int(time.time()))
    use = UseLicense.verify(made["use_license"], chain=chain, sub=account.sub, dev=account.dev)
    key = use.content_key(player.session.account.key_store(), player.session.account.encryption.key_id)
    assert use.edit is not None
    certificate = use.edit

    def make_seal(facts: SealFacts) -> str:
        return sign_body(
            facts,
            signer=player.session.account.signing,
            certificate=certificate,
            delegation=made["delegation"],
            iat=int(time.time()),
        )

    target = source.with_name(f"{uuid4().hex[:6]}-online.sealed")
    license_ = PublishingLicense.parse(made["publishing_license"])
    metadata = Metadata(name=source.name, type="text/plain")
    seal_file(source, target, content_key=key, license=license_, metadata=metadata, make_seal=make_seal)
    return target, UUID(made["cid"])


def test_a_document_published_online_opens_for_whom_it_was_granted(cast: Cast, plan: Path) -> None:
    policy = {"grants": [{"who": RITA, "rights": ["VIEW"]}]}
    sealed, cid = publish_online(cast.olga, plan, policy=policy)
    assert content(cast.rita, sealed) == plan.read_bytes()
    assert refusal(cast.max, sealed).reason == "not_granted"
    kinds = [event.kind for event in ledger(cast, "contoso", cid=cid)]
    assert kinds == ["content.opened", "content.opened", "content.registered", "content.published"]


def test_no_content_key_crosses_the_api_in_clear(cast: Cast, plan: Path) -> None:
    answer = call(cast.olga, "contoso", "POST", "publications", {"policy": {}, "title": "x"})
    assert set(answer.json()) == {"cid", "publishing_license", "use_license", "delegation"}


def test_publishing_online_by_template(cast: Cast, plan: Path) -> None:
    template = cast.olga.session.own_organization().templates()[0]["id"]
    sealed, _ = publish_online(cast.olga, plan, template=template)
    assert "VIEW" in rights(cast.max, sealed)
    problem(call(cast.olga, "contoso", "POST", "publications", {"template": str(uuid4())}), 404, "not_found")


def test_only_members_publish(cast: Cast, plan: Path) -> None:
    problem(call(cast.rita, "contoso", "POST", "publications", {"policy": {}}), 403, "permission_denied")
    problem(call(cast.rita, "contoso", "POST", "certificates", {}), 403, "permission_denied")


def test_the_end_stated_beside_the_policy_counts(cast: Cast, plan: Path) -> None:
    policy = {"grants": [{"who": RITA, "rights": ["VIEW"]}]}
    ends = int(time.time()) + 600
    sealed, _ = publish_online(cast.olga, plan, policy=policy, expires=ends, offline_days=2)
    assert opening(cast.rita, sealed).expires <= ends


# --- editions -----------------------------------------------------------------------------------------------------


@pytest.fixture
def shared(cast: Cast, plan: Path) -> Protected:
    return protect(cast.olga, plan, f"{RITA}:VIEW,EDIT,EXPORT", "max@contoso.example:VIEW", offline_days=0)


def test_a_saved_edition_opens_for_the_others_and_the_old_one_is_superseded(cast: Cast, shared: Protected) -> None:
    second = edited(cast.rita, shared.path, b"the second text")
    assert content(cast.max, second) == b"the second text"
    assert opening(cast.max, second).status == "current"
    old = opening(cast.max, shared.path)
    assert (old.status, old.edition) == ("superseded", 1)
    (event, *_) = ledger(cast, "contoso", "content.edited", cid=shared.cid)
    assert event.personal["addresses"] == [RITA]


def test_without_the_right_to_edit_nothing_is_saved(cast: Cast, shared: Protected) -> None:
    before = shared.path.read_bytes()
    source = shared.path.with_name("forged.txt")
    source.write_bytes(b"forged")
    with pytest.raises(Refused):
        cast.max.session.save_edition(shared.path, source)
    assert shared.path.read_bytes() == before


def test_an_unregistered_edition_is_registered_by_its_first_opening(cast: Cast, shared: Protected) -> None:
    """Rita saves while her registration fails; Max, who gets the file, brings the edition with a request."""
    held_back = seal_by(cast.rita, shared, b"saved on the train")
    assert content(cast.max, held_back) == b"saved on the train"
    assert opening(cast.max, held_back).edition == 2


def seal_by(player: Player, shared: Protected, text: bytes) -> Path:
    """Save an edition while the registration gets lost on the way."""
    player.http.cut.add("/api/v1/registrations")
    try:
        return edited(player, shared.path, text)
    finally:
        player.http.cut.clear()


def test_of_two_editions_of_one_text_the_first_one_brought_counts(cast: Cast, shared: Protected) -> None:
    one, other = seal_by(cast.rita, shared, b"one"), seal_by(cast.rita, shared, b"other")
    assert content(cast.max, one) == b"one"
    assert refusal(cast.max, other).reason == "superseded"
    (event, *_) = ledger(cast, "contoso", "content.edited", cid=shared.cid, outcome="refused")
    assert event.reason == "superseded"
    assert ledger(cast, "contoso", "content.tampered", cid=shared.cid) == []


def test_an_owner_whose_edition_came_too_late_is_not_sent_to_themselves(cast: Cast, shared: Protected) -> None:
    late = seal_by(cast.olga, shared, b"late")
    edited(cast.rita, shared.path, b"before")
    refused = refusal(cast.olga, late)
    assert refused.reason == "superseded"
    assert refused.contact != cast.olga.address
    assert "owner" not in f"{refused.message} {refused.next_step}"


def test_a_waiting_edition_that_came_too_late_is_dropped_and_reported(
    cast: Cast, shared: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, place = cast.rita.session, cast.rita.session.organization(cast.organizations["contoso"].id)
    place.send_waiting()
    session.dropped.clear()
    mine, theirs = seal_by(cast.rita, shared, b"mine"), seal_by(cast.rita, shared, b"theirs")
    assert content(cast.max, theirs) == b"theirs"
    place.send_waiting()
    (dropped,) = session.dropped
    assert (dropped.cid, dropped.edition, dropped.reason) == (shared.cid, 2, "superseded")
    assert mine.exists()
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(session))
    told = CliRunner().invoke(main, ["--json", "open", str(theirs), "-o", str(theirs.with_suffix(".plain"))])
    assert json.loads(told.stdout)["dropped"][0]["cid"] == str(shared.cid)
    assert "was refused for good: Another edition" in told.stderr
    assert session.dropped == [], "told once"


def test_a_waiting_document_outlives_a_refusal_that_may_pass(cast: Cast, plan: Path) -> None:
    partner = cast.found(f"partner{uuid4().hex[:6]}", "pat")
    protect(cast.pat, plan)
    cast.pat.offline().protect(plan, ProtectOptions(), target=plan.with_name("offline.sealed"))
    place = cast.pat.session.own_organization()
    suspend_organization(organization_id=partner.id, reason="a test", actor=ACTOR)
    with pytest.raises((Refused, ServiceError)):
        place.send_waiting()
    resume_organization(organization_id=partner.id, reason="a test", actor=ACTOR)
    assert place.send_waiting() == 1
    assert cast.pat.session.dropped == []
    assert len(ledger(cast, partner.slug, "content.registered")) == 2


def test_an_edition_that_skips_one_is_refused(cast: Cast, shared: Protected) -> None:
    second = seal_by(cast.rita, shared, b"second")
    with open_sealed(second) as file:
        assert file.body_seal.facts.n == 2
    cast.rita.http.cut.add("/api/v1/registrations")
    third = third_edition(cast.rita, shared.path, second, b"third")
    cast.rita.http.cut.clear()
    assert refusal(cast.max, third).reason == "superseded"
    assert content(cast.max, second) == b"second", "the one in between can still be brought"
    assert content(cast.max, third) == b"third"


def third_edition(player: Player, first: Path, second: Path, text: bytes) -> Path:
    """Make the third edition out of the second, by the license that a device has for the first."""
    session = player.session
    target, source = second.with_suffix(".third.sealed"), second.with_suffix(".third")
    source.write_bytes(text)
    with open_sealed(first) as file:
        place = session.organization(file.publishing_license.org)
        _, opened, key = Licenses(session.home, place, session.account, session.stated).open(file)
    certificate, delegation = opened.edit, opened.delegation
    assert certificate is not None

    def make_seal(facts: SealFacts) -> str:
        now = int(time.time())
        return sign_body(facts, signer=session.account.signing, certificate=certificate, delegation=delegation, iat=now)

    with open_sealed(second) as file:
        metadata = Metadata(name="plan.txt", type="text/plain")
        seal_edition(file, source, target, content_key=key, metadata=metadata, make_seal=make_seal)
    return target


def test_an_editor_who_lost_the_right_brings_nothing_more(cast: Cast, shared: Protected) -> None:
    saved = seal_by(cast.rita, shared, b"too late")
    policy = {"grants": [{"who": RITA, "rights": ["VIEW"]}, {"who": "max@contoso.example", "rights": ["VIEW"]}]}
    call(cast.olga, "contoso", "PUT", f"documents/{shared.cid}/policy", {"policy": policy})
    assert refusal(cast.max, saved).reason == "may_not_edit"
    assert content(cast.max, shared.path), "the edition before still opens"
    (event,) = ledger(cast, "contoso", "content.edited", cid=shared.cid)
    assert (event.outcome, event.details["code"]) == ("refused", "may_not_edit")


def test_an_edit_certificate_names_person_device_document_and_revision(cast: Cast, shared: Protected) -> None:
    opened = opening(cast.rita, shared.path)
    assert opened.edit is not None
    place = cast.rita.session.organization(cast.organizations["contoso"].id)
    with open_sealed(shared.path) as file:
        pl = file.publishing_license.digest
    certificate = EditCertificate.verify(opened.edit, chain=place.chain(opened.delegation), pl=pl)
    account = cast.rita.session.account
    assert (certificate.sub, certificate.dev, certificate.cid) == (account.person, account.device, shared.cid)
    assert certificate.key == account.signing.verify_key
