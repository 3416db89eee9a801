"""Applications protect as themselves and for people by roles that are given (promise C116)."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.utils import timezone

from chancery.errors import ChanceryError
from chancery.sdk.errors import Refused
from chancery.sdk.organization import Organization
from portal.usecases.hand_overs import carry_out
from portal.usecases.tell_owners import carry_on
from portal.words.events import shown_events
from protection.models import Content, OwnerToTell
from protection.services import hand_over as service
from tenants.context import in_organization
from tenants.directory.members import Member
from tenants.directory.models import RoleAssignment
from tenants.directory.services.create_application import create_application
from tenants.directory.services.create_group import create_group
from tests.cast import ACTOR, Cast, Player
from tests.protection.steps import MAX, call, confirmed, ledger, problem, protect, rights

OLGA = "olga@contoso.example"


def writer(cast: Cast, *roles: str) -> Player:
    made = create_application(
        organization_id=cast.organizations["contoso"].id, name="Reports", roles=roles, actor=ACTOR
    )
    return cast.know(f"app{uuid4().hex[:8]}", made.person_id, made.client_id)


@pytest.fixture
def team(cast: Cast) -> str:
    """Return the address of a group that holds Max alone."""
    address = f"team{uuid4().hex[:6]}@contoso.example"
    create_group(
        organization_id=cast.organizations["contoso"].id,
        address=address,
        name="Team",
        members=[Member(person_id=cast.max.id)],
        actor=ACTOR,
    )
    return address


def given(cast: Cast, application: Player, role: str, **more: str) -> None:
    answer = confirmed(cast.ada, "contoso", "POST", "roles", {"role": role, "whom": application.address, **more})
    assert answer.status_code == 200, answer.content


def state_of(cast: Cast, cid: UUID) -> str:
    with in_organization(cast.organizations["contoso"].id):
        return str(Content.objects.get(cid=cid).pending_because)


def test_c116_an_application_without_a_role_protects_nothing(cast: Cast, plan: Path) -> None:
    with pytest.raises(Refused):
        protect(writer(cast), plan)


def test_c116_a_writer_protects_as_itself_and_for_nobody_else(cast: Cast, plan: Path) -> None:
    application = writer(cast, "writer")
    sealed = protect(application, plan, f"{MAX}:VIEW")
    assert (sealed.registered, sealed.pending) == (True, False)
    assert rights(cast.max, sealed.path) == {"VIEW"}
    with pytest.raises(ChanceryError, match="for another owner"):
        protect(application, plan, owner=MAX)
    wanted = {"policy": {"grants": []}, "title": "plan", "owner": MAX}
    problem(call(application, "contoso", "POST", "publications", wanted), 403, "not_permitted")


def test_c116_a_connector_for_a_group_protects_for_its_members_who_own_it_and_are_told_once(
    cast: Cast, plan: Path, team: str
) -> None:
    application, contoso = writer(cast), cast.organizations["contoso"]
    given(cast, application, "connector", for_group=team)
    mail.outbox.clear()
    made = [protect(application, plan, owner=MAX) for _each in range(2)]
    assert [(one.registered, one.pending) for one in made] == [(True, False)] * 2
    assert "OWNER" in rights(cast.max, made[0].path)
    with in_organization(contoso.id):
        assert [carry_on(contoso.id), carry_on(contoso.id)] == [1, 0]
        told = [one for one in mail.outbox if one.to == [MAX] and "Reports" in one.subject]
        assert len(told) == 1
        assert "2" in str(told[0].body)
    # Within the hour further ones wait, and then come together.
    for _each in range(2):
        protect(application, plan, owner=MAX)
    with in_organization(contoso.id):
        assert carry_on(contoso.id) == 0
        OwnerToTell.objects.filter(told_at=None).update(due_at=timezone.now())
        assert carry_on(contoso.id) == 1
    (event, *_others) = ledger(cast, "contoso", "content.registered", cid=made[0].cid)
    with in_organization(contoso.id):
        (shown,) = shown_events([event], contoso.id, contoso.name)
    assert "The application “Reports”" in shown.what
    assert f"protected for {MAX}" in shown.what


def test_a_connector_for_a_group_protects_for_nobody_else(cast: Cast, plan: Path, team: str) -> None:
    application = writer(cast)
    given(cast, application, "connector", for_group=team)
    with pytest.raises(ChanceryError, match="may not protect documents for"):
        protect(application, plan, owner=OLGA)
    wanted = {"policy": {"grants": []}, "title": "plan", "owner": OLGA}
    problem(call(application, "contoso", "POST", "publications", wanted), 403, "not_permitted")


def test_what_a_certificate_still_allows_waits_for_an_administrator_once_the_permission_is_over(
    cast: Cast, plan: Path, team: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, contoso = writer(cast), cast.organizations["contoso"].id
    given(cast, application, "connector")
    assert not protect(application, plan, owner=OLGA).pending
    olga = application.session.own_organization().owner(OLGA)
    given(cast, application, "connector", for_group=team)
    # A program of somebody's own asks for no owner and seals for the one that it knows.
    monkeypatch.setattr(Organization, "owner", lambda _place, _address: olga)
    held = RoleAssignment.objects.within(contoso).filter(person_id=application.id)
    waiting = protect(application, plan, owner=OLGA)
    assert (waiting.pending, state_of(cast, waiting.cid)) == (True, "owner_not_permitted")
    held.update(ends_at=timezone.now() - timedelta(seconds=1))
    waiting = protect(application, plan)
    assert (waiting.pending, state_of(cast, waiting.cid)) == (True, "application_not_permitted")


def test_consent_says_what_and_for_whom_and_is_mailed_to_the_others(cast: Cast, team: str) -> None:
    application = writer(cast)
    body = {"role": "connector", "whom": application.address, "for_group": team}
    asked = problem(call(cast.ada, "contoso", "POST", "roles", body), 409, "confirmation_required")
    assert any(f"the members of {team}" in one for one in asked["consequences"])
    assert asked["reason_required"]
    second = cast.join(f"boss{uuid4().hex[:6]}", "contoso", role="global_administrator")
    mail.outbox.clear()
    given(cast, application, "connector", for_group=team)
    told = {one.to[0] for one in mail.outbox if "may do more" in one.subject}
    assert second.address in told
    assert cast.ada.address not in told
    # No other role is for a group's members alone.
    answer = call(cast.ada, "contoso", "POST", "roles", {**body, "role": "writer"})
    assert answer.status_code == 400, answer.content


@pytest.mark.parametrize("role", ["", "writer", "connector"])
def test_an_application_hands_over_to_those_alone_for_whom_it_protects(
    cast: Cast, plan: Path, team: str, role: str
) -> None:
    """Else whoever may protect as itself alone would protect for everybody, in two steps."""
    application = writer(cast, "writer")
    sealed = protect(application, plan)
    if role == "connector":
        given(cast, application, "connector", for_group=team)
    if not role:
        RoleAssignment.objects.within(cast.organizations["contoso"].id).filter(person_id=application.id).delete()

    def hand(to: str) -> Any:
        body = {"to": to, "documents": [str(sealed.cid)], "confirm": to}
        return call(application, "contoso", "POST", "hand-overs", body)

    problem(hand(OLGA), 403, "not_permitted")
    if role == "connector":
        assert hand(MAX).json()["hand_overs"][0]["state"] == "done"
        assert "OWNER" in rights(cast.max, sealed.path)
    else:
        for anybody in (MAX, "nobody@contoso.example"):
            problem(hand(anybody), 403, "not_permitted")


def test_a_hand_over_by_an_application_ends_with_what_it_may(
    cast: Cast, plan: Path, team: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, contoso = writer(cast), cast.organizations["contoso"].id
    given(cast, application, "connector")
    for module in (service, carry_out):
        monkeypatch.setattr(module, "BATCH", 1)
    made = [protect(application, plan) for _each in range(2)]
    (running,) = confirmed(application, "contoso", "POST", "hand-overs", {"to": OLGA}).json()["hand_overs"]
    assert running["state"] == "running"
    given(cast, application, "connector", for_group=team)
    with in_organization(contoso):
        assert carry_out.carry_on(contoso) == 0
        assert set(Content.objects.filter(cid__in=[one.cid for one in made]).values_list("owner_id", flat=True)) == {
            application.id
        }
    (event,) = [one for one in ledger(cast, "contoso", "hand_over.failed") if one.reason == "not_permitted"]
    assert event.details["hand_over"] == running["id"]
