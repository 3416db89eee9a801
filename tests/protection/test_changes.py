"""Documents after they were sent: changed, withdrawn, given back, and what kept licenses make of it."""

import io
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chancery.objects.feed import FeedStatement
from chancery.sdk.errors import Refused, Unreachable
from chancery.sdk.options import ProtectOptions
from chancery.sdk.results import Protected
from chancery.sdk.session import Session
from protection.keys.root import installation_key
from tenants.directory.access import let_sign_in
from tenants.directory.members import Member
from tenants.directory.services.create_group import create_group
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.enable_person import enable_person
from tenants.directory.services.prove_address import prove_address
from tenants.directory.services.remove_address import remove_address
from tenants.directory.services.revoke_device import revoke_device
from tests.cast import ACTOR, Cast, Player
from tests.protection.steps import (
    MAX,
    RITA,
    Later,
    call,
    confirmed,
    ledger,
    objects,
    opening,
    problem,
    protect,
    refusal,
    rights,
)


def policy_of(*grants: str, **more: Any) -> dict[str, Any]:
    entries = [grant.rpartition(":") for grant in grants]
    return {"grants": [{"who": who, "rights": rights.split(",")} for who, _, rights in entries], **more}


def change(player: Player, cid: UUID, policy: dict[str, Any]) -> Any:
    return call(player, "contoso", "PUT", f"documents/{cid}/policy", {"policy": policy, "reason": "a test"})


def revoke(player: Player, cid: UUID, recipient: str = "") -> Any:
    body = {"reason": "sent by mistake", "recipient": recipient, "confirm": "plan.txt"}
    return call(player, "contoso", "POST", f"documents/{cid}/revoke", body)


def restore(player: Player, cid: UUID, recipient: str = "") -> Any:
    return call(player, "contoso", "POST", f"documents/{cid}/restore", {"recipient": recipient})


def record_of(player: Player, name: str) -> tuple[str, dict[str, Any]]:
    """Return a record that the player's client keeps about Contoso."""
    home = player.session.home
    found = f"organizations/{player.session.account.scope}-{CONTOSO[0]}-{name}"
    return found, home.read(found) or {}


CONTOSO: list[UUID] = []


@pytest.fixture(autouse=True)
def contoso(cast: Cast) -> None:
    CONTOSO[:] = [cast.organizations["contoso"].id]


def heartbeat_later(player: Player) -> None:
    """Let the session believe that its last feed statement is older than a heartbeat."""
    player.session.service.feeds_asked.clear()


@pytest.fixture
def sealed(cast: Cast, plan: Path) -> Protected:
    return protect(cast.olga, plan, f"{RITA}:VIEW,PRINT", f"{MAX}:VIEW", offline_days=0)


# --- changing -----------------------------------------------------------------------------------------------------


def test_the_owner_gives_and_takes_and_the_file_stays_as_it_is(cast: Cast, sealed: Protected) -> None:
    before = sealed.path.read_bytes()
    assert change(cast.olga, sealed.cid, policy_of(f"{RITA}:EDIT,VIEW")).status_code == 200
    assert rights(cast.rita, sealed.path) == {"EDIT", "VIEW"}
    assert refusal(cast.max, sealed.path).reason == "not_granted"
    assert sealed.path.read_bytes() == before
    assert [event.kind for event in ledger(cast, "contoso", "content.changed", cid=sealed.cid)] == ["content.changed"]


def test_the_owner_extends_the_days_offline_beyond_what_the_file_was_made_with(cast: Cast, sealed: Protected) -> None:
    assert opening(cast.rita, sealed.path).offline_until <= time.time() + 1
    change(cast.olga, sealed.cid, policy_of(f"{RITA}:VIEW", offline_days=5))
    assert opening(cast.rita, sealed.path).offline_until > time.time() + 4 * 86_400


def test_an_expiry_that_passed_refuses_and_one_moved_on_opens_again(cast: Cast, sealed: Protected) -> None:
    ended = {"policy": policy_of(f"{RITA}:VIEW", expires=int(time.time()) - 1)}
    confirmed(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", ended)
    assert refusal(cast.rita, sealed.path).reason == "expired"
    assert "OWNER" in rights(cast.olga, sealed.path), "the issuer is exempt"
    change(cast.olga, sealed.cid, policy_of(f"{RITA}:VIEW"))
    assert rights(cast.rita, sealed.path) == {"VIEW"}


def test_an_administrator_narrows_and_never_widens(cast: Cast, sealed: Protected) -> None:
    narrow = policy_of(f"{RITA}:VIEW", offline_days=0)
    assert change(cast.ada, sealed.cid, narrow).status_code == 200
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    for wider in (
        policy_of(f"{RITA}:VIEW,COPY".replace("COPY", "EXTRACT"), offline_days=0),
        policy_of(f"{RITA}:VIEW", "ada@contoso.example:VIEW", offline_days=0),
        policy_of(f"{RITA}:VIEW", offline_days=1),
        policy_of("authenticated:VIEW", offline_days=0),
    ):
        problem(change(cast.ada, sealed.cid, wider), 403, "widening_not_allowed")
    assert refusal(cast.ada, sealed.path).reason == "not_granted"


def test_an_administrator_brings_back_what_the_owner_had_last_set(cast: Cast, sealed: Protected) -> None:
    set_by_owner = policy_of(f"{RITA}:VIEW,PRINT,EDIT", offline_days=0)
    change(cast.olga, sealed.cid, set_by_owner)
    change(cast.ada, sealed.cid, policy_of(f"{RITA}:VIEW", offline_days=0))
    assert change(cast.ada, sealed.cid, set_by_owner).status_code == 200
    assert rights(cast.rita, sealed.path) == {"VIEW", "PRINT", "EDIT"}


def test_what_the_file_was_made_with_counts_as_what_the_issuer_set(cast: Cast, plan: Path) -> None:
    """The end is beside the policy in the envelope; an administrator cannot lose it by restoring the policy."""
    ends = int(time.time()) + 3600
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", expires=ends, offline_days=3)
    change(cast.ada, sealed.cid, policy_of(offline_days=0, expires=ends))
    problem(change(cast.ada, sealed.cid, policy_of(f"{RITA}:VIEW")), 403, "widening_not_allowed")
    original = policy_of(f"{RITA}:VIEW", expires=ends, offline_days=3)
    assert change(cast.ada, sealed.cid, original).status_code == 200
    assert opening(cast.rita, sealed.path).expires <= ends


def test_nobody_else_can_change_revoke_or_even_see_it(cast: Cast, sealed: Protected) -> None:
    for stranger in (cast.max, cast.rita, cast.mallory):
        problem(change(stranger, sealed.cid, policy_of()), 404, "not_found")
        problem(revoke(stranger, sealed.cid), 404, "not_found")
        problem(restore(stranger, sealed.cid), 404, "not_found")
        problem(call(stranger, "contoso", "GET", f"documents/{sealed.cid}"), 404, "not_found")
        problem(call(stranger, "contoso", "GET", f"documents/{sealed.cid}/events"), 404, "not_found")


# --- revoking -----------------------------------------------------------------------------------------------------


def test_revoking_one_person_leaves_the_others(cast: Cast, sealed: Protected) -> None:
    assert revoke(cast.olga, sealed.cid, RITA).status_code == 200
    assert refusal(cast.rita, sealed.path).reason == "revoked_for_you"
    assert rights(cast.max, sealed.path) == {"VIEW"}
    restore(cast.olga, sealed.cid, RITA)
    assert "VIEW" in rights(cast.rita, sealed.path)


def test_access_is_taken_from_whom_the_address_meant_when_it_was_used(cast: Cast, plan: Path) -> None:
    moved = cast.join("moved", "fabrikam")
    sealed = protect(cast.olga, plan, f"{moved.address}:VIEW", offline_days=0)
    opening(moved, sealed.path)
    prove_address(person_id=moved.id, address="moved@elsewhere.example", actor=ACTOR)
    let_sign_in(moved.id, "moved@elsewhere.example", proven=True)
    fabrikam = cast.organizations["fabrikam"].id
    remove_address(person_id=moved.id, address=moved.address, actor=ACTOR, organization_id=fabrikam)
    opening(moved, sealed.path)
    assert revoke(cast.olga, sealed.cid, moved.address).status_code == 200
    assert refusal(moved, sealed.path).reason == "revoked_for_you"


def test_revoking_a_group_means_everybody_in_it(cast: Cast, plan: Path) -> None:
    members = [Member(person_id=cast.max.id), Member(person_id=cast.ada.id)]
    create_group(
        organization_id=CONTOSO[0], address="readers@contoso.example", name="Readers", members=members, actor=ACTOR
    )
    sealed = protect(cast.olga, plan, "domain:contoso.example:VIEW", f"{RITA}:VIEW", offline_days=0)
    assert revoke(cast.olga, sealed.cid, "readers@contoso.example").status_code == 200
    assert refusal(cast.max, sealed.path).reason == refusal(cast.ada, sealed.path).reason == "revoked_for_you"
    assert rights(cast.rita, sealed.path) == {"VIEW"}


def test_an_administrator_restores_what_an_administrator_revoked_and_nothing_else(
    cast: Cast, sealed: Protected
) -> None:
    revoke(cast.ada, sealed.cid)
    assert refusal(cast.rita, sealed.path).reason == "revoked"
    assert restore(cast.ada, sealed.cid).status_code == 200
    assert "VIEW" in rights(cast.rita, sealed.path)
    revoke(cast.olga, sealed.cid)
    problem(restore(cast.ada, sealed.cid), 403, "widening_not_allowed")
    assert refusal(cast.rita, sealed.path).reason == "revoked"
    restore(cast.olga, sealed.cid)
    revoke(cast.olga, sealed.cid, RITA)
    problem(restore(cast.ada, sealed.cid, RITA), 403, "widening_not_allowed")


def test_revoking_reveals_nothing_about_who_exists(cast: Cast, plan: Path) -> None:
    """An address of a stranger, one that nobody has, and one that is proven later are answered and shown alike."""
    sealed = protect(cast.olga, plan, "authenticated:VIEW", offline_days=0)
    answers = [revoke(cast.olga, sealed.cid, who) for who in (RITA, "nobody@nowhere.example", "late@contoso.example")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    shown = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}").json()["revocations"]
    assert {tuple(sorted(one)) for one in shown} == {("address", "revoked_at")}
    late = cast.join("late", "contoso")
    assert refusal(late, sealed.path).reason == "revoked_for_you"
    assert restore(cast.olga, sealed.cid, "Late@Contoso.example").status_code == 200
    assert rights(late, sealed.path) == {"VIEW"}


def test_only_an_address_can_be_revoked(cast: Cast, sealed: Protected) -> None:
    problem(revoke(cast.olga, sealed.cid, "nobody"), 400, "invalid_policy")


def test_the_issuer_opens_what_they_revoked(cast: Cast, sealed: Protected) -> None:
    revoke(cast.olga, sealed.cid)
    assert "OWNER" in rights(cast.olga, sealed.path)


def test_a_revoked_device_gets_nothing_and_the_persons_other_device_does(cast: Cast, sealed: Protected) -> None:
    lost = cast.enroll("lost laptop", cast.max.id, cast.max.address)
    assert rights(lost, sealed.path) == {"VIEW"}
    revoke_device(person_id=lost.id, device_id=lost.session.account.device, actor=ACTOR)
    assert refusal(lost, sealed.path).reason == "device_revoked"
    assert rights(cast.max, sealed.path) == {"VIEW"}


def test_a_disabled_person_is_refused_until_enabled(cast: Cast, plan: Path) -> None:
    player = cast.join("temp", "contoso")
    sealed = protect(cast.olga, plan, "temp@contoso.example:VIEW", offline_days=0)
    opening(player, sealed.path)
    disable_person(organization_id=CONTOSO[0], person_id=player.id, reason="left", actor=ACTOR)
    assert refusal(player, sealed.path).reason == "person_disabled"
    enable_person(organization_id=CONTOSO[0], person_id=player.id, actor=ACTOR)
    opening(player, sealed.path)


# --- kept licenses and the feed --------------------------------------------------------------------------------------


@pytest.fixture
def kept(cast: Cast, plan: Path) -> Protected:
    """Return a document for which Rita's device keeps a license."""
    document = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=7)
    assert opening(cast.rita, document.path).source == "service"
    return document


def offline(player: Player, sealed: Path) -> str:
    return player.offline().open_stream(sealed, io.BytesIO()).source


def test_a_kept_license_opens_without_the_service_and_the_opening_is_reported_later(
    cast: Cast, kept: Protected
) -> None:
    sent = len(cast.rita.http.sent)
    assert offline(cast.rita, kept.path) == "kept"
    assert len(cast.rita.http.sent) == sent, "nothing was sent"
    cast.rita.session.organization(CONTOSO[0]).send_waiting()
    answer = call(cast.olga, "contoso", "GET", f"documents/{kept.cid}/events")
    assert answer.status_code == 200


@pytest.mark.parametrize("withdrawal", ["document", "recipient", "person", "device"])
def test_the_feed_kills_a_kept_license(cast: Cast, plan: Path, withdrawal: str) -> None:
    player = cast.join(f"reader-{withdrawal}", "contoso")
    kept = protect(cast.olga, plan, f"{player.address}:VIEW", offline_days=7)
    opening(player, kept.path)
    if withdrawal == "document":
        revoke(cast.olga, kept.cid)
    elif withdrawal == "recipient":
        revoke(cast.olga, kept.cid, player.address)
    elif withdrawal == "person":
        disable_person(organization_id=CONTOSO[0], person_id=player.id, reason="left", actor=ACTOR)
    else:
        revoke_device(person_id=player.id, device_id=player.session.account.device, actor=ACTOR)
    assert offline(player, kept.path) == "kept", "without a network nothing can be known"
    heartbeat_later(player)
    assert refusal(player, kept.path).reason in {"revoked", "revoked_for_you", "person_disabled", "device_revoked"}
    with pytest.raises(Unreachable):
        offline(player, kept.path)


def test_a_new_session_asks_the_feed_at_once_and_then_not_again_within_a_heartbeat(cast: Cast, kept: Protected) -> None:
    session = cast.rita.session
    begun = Session(session.home, session.account, session._http)
    assert begun.open_stream(kept.path, io.BytesIO()).source == "kept"
    revoke(cast.olga, kept.cid)
    assert begun.open_stream(kept.path, io.BytesIO()).source == "kept", "asked a moment ago"
    with pytest.raises(Refused):
        Session(session.home, session.account, session._http).open_stream(kept.path, io.BytesIO())


def test_a_narrowing_kills_kept_licenses_and_a_widening_does_not(cast: Cast, kept: Protected) -> None:
    change(cast.olga, kept.cid, policy_of(f"{RITA}:VIEW,PRINT,EDIT", offline_days=7))
    heartbeat_later(cast.rita)
    assert opening(cast.rita, kept.path).source == "kept"
    change(cast.olga, kept.cid, policy_of(f"{RITA}:VIEW", offline_days=7))
    heartbeat_later(cast.rita)
    assert opening(cast.rita, kept.path).source == "service"


def test_the_feed_says_what_was_withdrawn_since_and_everything_when_asked_from_the_start(
    cast: Cast, kept: Protected
) -> None:
    place = cast.rita.session.organization(CONTOSO[0])

    def feed(since: int) -> FeedStatement:
        answer = place.call("GET", f"/api/v1/feed?since={since}")
        return FeedStatement.verify(answer["statement"], chain=place.chain(answer["delegation"]))

    before = feed(0)
    quiet = feed(before.seq)
    assert (quiet.from_seq, quiet.entries) == (before.seq + 1, ())
    revoke(cast.olga, kept.cid)
    after = feed(before.seq)
    assert (after.seq, len(after.entries)) == (before.seq + 1, 1)
    assert after.as_of >= before.as_of
    assert set(feed(0).entries) == {*before.entries, *after.entries}
    unknown = feed(after.seq + 1000)
    assert (unknown.from_seq, unknown.seq) == (0, after.seq), "a client that knows more is given the full list"


def test_a_lease_lapses_without_a_fresh_statement(cast: Cast, plan: Path, clock: Later) -> None:
    kept = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=7)
    change(cast.olga, kept.cid, policy_of(f"{RITA}:VIEW", offline_days=7, lease=60))
    opening(cast.rita, kept.path)
    cast.rita.session.organization(CONTOSO[0]).feed(newest=True)
    assert offline(cast.rita, kept.path) == "kept"
    clock.ahead = 90
    with pytest.raises(Unreachable):
        offline(cast.rita, kept.path)


def test_the_organizations_lease_is_the_longest_a_policy_can_have(cast: Cast, kept: Protected) -> None:
    assert call(cast.ada, "contoso", "PATCH", "settings", {"lease_seconds": 3600}).status_code == 200
    change(cast.olga, kept.cid, policy_of(f"{RITA}:VIEW", offline_days=7, lease=7200))
    assert call(cast.rita, "contoso", "POST", "licenses", objects(kept.path)).status_code == 200
    (newest, *_) = ledger(cast, "contoso", "content.opened", cid=kept.cid, outcome="allowed")
    assert newest.details["lease"] == 3600
    assert call(cast.ada, "contoso", "PATCH", "settings", {"lease_seconds": 86_400}).status_code == 200


def test_a_clock_that_fell_behind_opens_nothing_until_the_service_was_asked(cast: Cast, kept: Protected) -> None:
    home = cast.rita.session.home
    home.write(f"clock/{cast.rita.session.account.scope}", {"highest": int(time.time()) + 7200})
    with pytest.raises(Refused) as refused:
        offline(cast.rita, kept.path)
    assert refused.value.reason == "clock_behind"
    assert opening(cast.rita, kept.path).source in {"kept", "service"}
    assert offline(cast.rita, kept.path) == "kept", "the service's time has set the mark right"


def test_nor_is_anything_protected_and_the_clock_is_named(cast: Cast, plan: Path) -> None:
    protect(cast.max, plan)
    home, record = cast.max.session.home, f"clock/{cast.max.session.account.scope}"
    home.write(record, {"highest": int(time.time()) + 7200})
    with pytest.raises(Refused) as refused:
        cast.max.offline().protect(plan, ProtectOptions(), target=plan.with_name("late.sealed"))
    assert refused.value.reason == "clock_behind"
    home.write(record, {"highest": 0})


def test_revoking_says_until_when_copies_open(cast: Cast, kept: Protected, sealed: Protected) -> None:
    opening(cast.rita, sealed.path)
    assert revoke(cast.olga, sealed.cid).json()["latest_offline_moment"] is None, "nothing was kept of it"
    assert revoke(cast.olga, kept.cid).json()["latest_offline_moment"] is not None


def test_a_device_that_was_away_for_days_still_opens_what_it_keeps(cast: Cast, kept: Protected) -> None:
    """A license may live for weeks without the service; the statement that vouches for its keys is renewed daily."""
    place = cast.rita.session.organization(CONTOSO[0])
    place.statement()
    name, record = record_of(cast.rita, "statement")
    days_ago = int(time.time()) - 3 * 86_400
    old = replace(place.statement(), iat=days_ago, exp=days_ago + 86_400)
    cast.rita.session.home.write(name, {"token": old.sign(installation_key()), "until": old.exp})
    assert offline(cast.rita, kept.path) == "kept"
    cast.rita.session.home.write(name, record)
