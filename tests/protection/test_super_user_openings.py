"""What is opened under super-user grants: only what they cover, on record, told in time, and reported under seal.

Promises C58 and C60.
"""

import copy
import json
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.utils import timezone

from chancery.errors import InvalidObject, Revoked
from chancery.objects import jws
from chancery.policy.rights import ALL_RIGHTS
from chancery.sdk.grant_report import verify_report
from portal.fastpath.statements import FastPathDatabase
from portal.tasks import end_grants_and_tell_owners
from protection.actor import Actor
from protection.models import Content, SuperUserGrant, SuperUserOpening
from protection.selectors.super_users import concerned
from protection.services.super_user_grants import end_grant
from tenants.context import in_organization
from tenants.directory.members import Member
from tenants.directory.services.change_group import change_group
from tenants.directory.services.create_group import create_group
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.remove_person import remove_person
from tenants.organizations.selectors import organization_by_id
from tests.cast import ACTOR, Cast, Player
from tests.protection.glass import GRANTS, SETTINGS, asked, granted, told, under
from tests.protection.steps import (
    call,
    confirmed,
    content,
    ledger,
    number_events,
    objects,
    opening,
    problem,
    protect,
    refusal,
    rights,
)


@pytest.fixture(autouse=True)
def _no_mail() -> None:
    mail.outbox.clear()


# --- opening -------------------------------------------------------------------------------------------------------


def test_c60_every_opening_under_a_grant_names_person_reason_and_approver(on: Cast, plan: Path) -> None:
    """In ledger, tracking and timeline; and the license is for online use, for an hour at most."""
    sealed = protect(on.paul, plan)
    assert refusal(on.sue, sealed.path).reason == "not_granted"
    grant = granted(on, owner=on.paul.address, case="2026-117")
    before = int(time.time())
    with under(on.sue, grant):
        assert content(on.sue, sealed.path) == plan.read_bytes()
        found = opening(on.sue, sealed.path)
    assert (set(found.rights), found.source) == (set(ALL_RIGHTS), "service")
    assert found.offline_until <= time.time()
    assert found.expires <= before + 3_700
    (event, *_) = ledger(on, "glass", "content.opened", cid=sealed.cid, outcome="allowed")
    details, personal = event.details, event.personal
    assert (details["basis"], details["super_user_grant"]) == ("super_user", grant)
    assert (details["reason"], details["case"]) == ("Documents for the auditors", "2026-117")
    assert details["approved_by"] == str(on.hugo.id)
    assert (personal["person"], personal["approver"]) == (str(on.sue.id), on.hugo.address)
    shown = call(on.sue, "glass", "GET", f"super-user-grants/{grant}").json()["opened"]
    assert [one["cid"] for one in shown] == [str(sealed.cid)] * 2
    # The next opening without the grant is refused: nothing is kept.
    assert refusal(on.sue, sealed.path).reason == "not_granted"


def test_c58_a_grant_opens_what_nobody_else_can(on: Cast, plan: Path) -> None:
    """Expired, revoked, blocked for its issuer, by an archived or a deleted template, of a person who left."""
    gwen, hugo, sue = on.gwen, on.hugo, on.sue
    leaver = on.join(f"leaver{uuid4().hex[:6]}", "glass")
    templates = [_template(gwen) for _ in range(2)]
    expired, revoked, handed, gone = (protect(leaver, plan) for _ in range(4))
    archived, deleted = (protect(leaver, plan, template=one) for one in templates)
    organization = on.organizations["glass"].id
    with in_organization(organization):
        Content.objects.filter(cid=expired.cid).update(expires=1)
    assert call(leaver, "glass", "POST", f"documents/{revoked.cid}/revoke", {"confirm": "plan.txt"}).status_code == 200
    confirmed(leaver, "glass", "POST", "hand-overs", {"to": on.quin.address, "documents": [str(handed.cid)]})
    confirmed(gwen, "glass", "POST", f"templates/{templates[0]}/archive")
    confirmed(gwen, "glass", "POST", f"templates/{templates[1]}/archive")
    confirmed(gwen, "glass", "DELETE", f"templates/{templates[1]}")
    disable_person(organization_id=organization, person_id=leaver.id, reason="", actor=ACTOR)
    remove_person(organization_id=organization, person_id=leaver.id, reason="", actor=ACTOR)
    confirmed(gwen, "glass", "POST", "keys/rotate")
    grant = granted(on)
    with under(sue, grant):
        for sealed in (expired, revoked, handed, gone, archived, deleted):
            assert content(sue, sealed.path) == plan.read_bytes()
    assert len(call(hugo, "glass", "GET", f"{GRANTS}/{grant}").json()["opened"]) == 6
    by_template = granted(on, template=templates[1])
    with under(sue, by_template):
        assert rights(sue, deleted.path) == set(ALL_RIGHTS)
        assert refusal(sue, archived.path).reason == "super_user_grant_invalid"


def test_owners_see_nothing_of_it_before_they_are_told_and_auditors_everything_at_once(on: Cast, plan: Path) -> None:
    """Neither in the timeline, nor in tracking, nor in numbers; removing the protection counts like the opening."""
    sealed, organization = protect(on.paul, plan), on.organizations["glass"].id
    second = Path(shutil.copy(sealed.path, sealed.path.with_name("copy.sealed")))
    grant = granted(on)
    with under(on.sue, grant):
        opening(on.sue, sealed.path)
        on.sue.session.unprotect(second)
    on.sue.session.organization(organization).try_send_waiting()

    def seen(player: Player) -> tuple[int, int, int]:
        path = f"documents/{sealed.cid}"
        shown = call(player, "glass", "GET", path).json()["document"]["opened"]
        events = call(player, "glass", "GET", f"{path}/events").json()["results"]
        people = call(player, "glass", "GET", f"{path}/recipients").json()["results"]
        by_her = [one for one in events if on.sue.address in one["sentence"]]
        return shown, len(by_her), len([one for one in people if on.sue.address in str(one)])

    assert seen(on.paul) == (0, 0, 0)
    assert seen(on.iris)[:2] >= (2, 2)
    acts = [one["act"] for one in call(on.iris, "glass", "GET", f"{GRANTS}/{grant}").json()["opened"]]
    assert acts.count("opened") == 2
    assert "exported" in acts
    with in_organization(organization):
        SuperUserOpening.objects.update(shown_at=timezone.now())
    assert seen(on.paul)[:2] >= (2, 2)


def test_a_grant_ends_by_itself_and_owners_are_told_once_after_the_delay(on: Cast, plan: Path) -> None:
    """Auditors, approver and holder hear of the end; owners of what was opened, unless a legal ground forbids it."""
    sealed, organization = protect(on.paul, plan), on.organizations["glass"].id
    silent, grant = granted(on, legal_ground="A court's order"), granted(on)
    for one in (silent, grant):
        with under(on.sue, one):
            opening(on.sue, sealed.path)
    mail.outbox.clear()
    with in_organization(organization):
        assert end_grants_and_tell_owners(str(organization)) == 0
        SuperUserOpening.objects.filter(grant_id=grant, tell_at__isnull=False).update(tell_at=timezone.now())
        SuperUserGrant.objects.filter(id__in=[silent, grant]).update(ends=timezone.now())
        assert organizations_concerned(organization)
        assert end_grants_and_tell_owners(str(organization)) == 3
        assert end_grants_and_tell_owners(str(organization)) == 0
        assert not organizations_concerned(organization)
    assert told().keys() == {on.hugo.address, on.iris.address, on.paul.address, on.sue.address}
    assert plan.name in told()[on.paul.address]
    assert on.hugo.address in told()[on.paul.address]
    assert len([one for one in mail.outbox if one.to == [on.paul.address]]) == 1
    shown = call(on.iris, "glass", "GET", f"{GRANTS}/{grant}").json()
    assert (shown["state"], shown["ended_by"]) == ("ended", "")
    with under(on.sue, grant):
        assert refusal(on.sue, sealed.path).reason == "super_user_grant_invalid"


def organizations_concerned(organization: UUID) -> bool:
    schema = organization_by_id(organization)
    assert schema is not None
    return bool(concerned([schema.schema_name]))


def test_a_request_that_nobody_answers_lapses(on: Cast) -> None:
    grant, organization = asked(on.sue), on.organizations["glass"].id
    with in_organization(organization):
        SuperUserGrant.objects.filter(id=grant).update(asked_at=timezone.now() - timedelta(days=8))
        end_grants_and_tell_owners(str(organization))
    assert call(on.sue, "glass", "GET", f"{GRANTS}/{grant}").json()["state"] == "lapsed"
    problem(call(on.hugo, "glass", "POST", f"{GRANTS}/{grant}/approve", {"confirm": "1"}), 409, "grant_answered")


def _template(player: Player) -> str:
    names = {"names": {"en": uuid4().hex}, "policy": {}}
    made = str(call(player, "glass", "POST", "templates", names).json()["id"])
    call(player, "glass", "POST", f"templates/{made}/publish")
    return made


@pytest.mark.parametrize("elsewhere", ["owner", "dates", "document", "holder", "waiting"])
def test_a_grant_opens_nothing_outside_its_scope_nor_for_others_nor_unapproved(
    on: Cast, plan: Path, elsewhere: str
) -> None:
    sealed, other = protect(on.paul, plan), protect(on.quin, plan)
    scopes: dict[str, dict[str, Any]] = {
        "owner": {"owner": on.quin.address},
        "dates": {"until": "2026-01-01T00:00:00Z"},
        "document": {"documents": [str(other.cid)]},
    }
    scope = scopes.get(elsewhere, {})
    grant = asked(on.sue) if elsewhere == "waiting" else granted(on, **scope)
    who = on.quin if elsewhere == "holder" else on.sue
    with under(who, grant):
        assert refusal(who, sealed.path).reason == "super_user_grant_invalid"
        if elsewhere in {"owner", "document"}:
            assert rights(who, other.path) == set(ALL_RIGHTS)


def test_an_attempt_in_vain_belongs_to_the_grant_and_only_its_holder_names_one(on: Cast, plan: Path) -> None:
    """Owners see it when they see what was opened; the reason and the approver stand in no stranger's event."""
    sealed, other = protect(on.paul, plan), protect(on.quin, plan)
    grant = granted(on, documents=[str(other.cid)])
    for who in (on.sue, on.quin):
        with under(who, grant):
            refusal(who, sealed.path)
    stranger, holder = ledger(on, "glass", "content.opened", cid=sealed.cid, outcome="refused")
    assert holder.details["super_user_grant"] == grant
    assert not {"super_user_grant", "approved_by", "case"} & stranger.details.keys()
    assert not stranger.personal.get("approver")
    said = call(on.paul, "glass", "GET", f"documents/{sealed.cid}/events").content.decode()
    assert [on.sue.address in said, on.quin.address in said] == [False, True]
    shown = call(on.iris, "glass", "GET", f"{GRANTS}/{grant}").json()
    assert [one["act"] for one in shown["opened"]] == ["refused"]
    ended = call(on.sue, "glass", "POST", f"{GRANTS}/{grant}/end", {}).json()
    assert not [one for one in ended.get("consequences", ()) if "opened" in one], "nothing was opened"


def test_what_ends_a_grant_ends_what_is_open_within_a_minute(on: Cast, plan: Path) -> None:
    """The end is an entry of the feed, which names the license; and nothing is licensed from then on."""
    sealed, grant = protect(on.paul, plan), granted(on)
    asked_for = {**objects(sealed.path), "super_user_grant": grant}
    token = call(on.sue, "glass", "POST", "licenses", asked_for).json()["use_license"]
    claims = json.loads(jws.unb64(token.split(".")[1]))
    ids = [jws.unb64(one) for one in claims["feed"]]
    place, _cid = on.sue.session.organization_of(sealed.path)
    place.feed(newest=True).check(ids, rev=claims["rev"], iat=claims["iat"])
    confirmed(on.sue, "glass", "POST", f"{GRANTS}/{grant}/end")
    with pytest.raises(Revoked):
        place.feed(newest=True).check(ids, rev=claims["rev"], iat=claims["iat"])
    problem(call(on.sue, "glass", "POST", "licenses", asked_for), 403, "super_user_grant_invalid")


def test_a_super_user_who_leaves_the_group_opens_nothing_more(on: Cast, plan: Path) -> None:
    organization, quin, sealed = on.organizations["glass"].id, on.quin, protect(on.paul, plan)
    address = f"late{uuid4().hex[:6]}@glass.example"
    group = create_group(
        organization_id=organization, address=address, name="", members=(Member(person_id=quin.id),), actor=ACTOR
    )
    confirmed(on.gwen, "glass", "PATCH", SETTINGS, {"group": address})
    grant = asked(quin)
    confirmed(on.hugo, "glass", "POST", f"{GRANTS}/{grant}/approve")
    with under(quin, grant):
        assert rights(quin, sealed.path) == set(ALL_RIGHTS)
        change_group(organization_id=organization, group_id=group.id, archived=True, actor=ACTOR)
        assert refusal(quin, sealed.path).reason == "super_user_grant_invalid"
    confirmed(on.gwen, "glass", "PATCH", SETTINGS, {"group": ""})


def test_a_grant_that_ends_between_reading_and_recording_gives_nothing(
    on: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed, grant = protect(on.paul, plan), granted(on)
    read, ended = FastPathDatabase.read, list[str]()

    def ends_meanwhile(self: FastPathDatabase, items: Any) -> Any:
        reading = read(self, items)
        if not ended:
            ended.append(grant)
            with in_organization(on.organizations["glass"].id):
                end_grant(actor=Actor(person=on.sue.id, address=on.sue.address), grant=UUID(grant))
        return reading

    monkeypatch.setattr(FastPathDatabase, "read", ends_meanwhile)
    with under(on.sue, grant):
        assert refusal(on.sue, sealed.path).reason == "super_user_grant_invalid"


# --- the report ----------------------------------------------------------------------------------------------------


def test_the_sealed_report_verifies_against_the_ledger_and_no_changed_one_does(on: Cast, plan: Path) -> None:
    """Who opened what, why, and who approved it; each entry is proven by a checkpoint that the log key signed."""
    sealed = protect(on.paul, plan)
    grant = granted(on, case="2026-117")
    path = f"{GRANTS}/{grant}/report"
    with under(on.sue, grant):
        opening(on.sue, sealed.path)
    problem(call(on.iris, "glass", "GET", path), 409, "no_report_yet")
    confirmed(on.sue, "glass", "POST", f"{GRANTS}/{grant}/end")
    number_events(on, "glass")
    for player in (on.sue, on.hugo, on.iris):
        place = player.session.own_organization(None)
        found = call(player, "glass", "GET", path).json()
        verified = verify_report(place, found)
        assert (verified.report.holder, verified.report.approved_by) == (on.sue.address, on.hugo.address)
        assert (verified.report.reason, verified.report.case) == ("Documents for the auditors", "2026-117")
        assert [(one["cid"], one["title"]) for one in verified.opened] == [(str(sealed.cid), plan.name)]
    assert call(on.paul, "glass", "GET", path).status_code == 404
    acts = [one["act"] for one in found["entries"]]
    assert acts == ["asked", "approved", "ended", "opened"]
    for changed in _changes(found):
        with pytest.raises(InvalidObject):
            verify_report(place, changed)


def _changes(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the report with one thing changed in it each time."""
    yield {**found, "entries": found["entries"][:-1]}
    yield {**found, "checkpoints": []}
    yield {**found, "report": found["report"][:-4] + "AAAA"}
    for member in ("title", "cid", "owner", "details", "leaf", "event"):
        *others, last = copy.deepcopy(found["entries"])
        last[member] = {} if member == "details" else str(uuid4())
        yield {**found, "entries": [*others, last]}
