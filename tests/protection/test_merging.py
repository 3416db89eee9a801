"""Two accounts of one person become one: what either was granted opens, and what either was refused stays closed."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from chancery.sdk.errors import NotSignedIn
from portal import clock
from portal.usecases.hand_overs.carry_out import carry_on
from protection.models import (
    AccessRequest,
    Budget,
    BudgetFor,
    BudgetUse,
    Content,
    CountedOpening,
    FirstOpening,
    GrantBinding,
    Pause,
    PersonalGrant,
    Review,
    ReviewItem,
    ScheduledRevocation,
    ServiceSettings,
    SuperUser,
)
from protection.services.merge_identity import merge_identity
from tenants.context import in_organization, in_schema
from tenants.directory.members import Member
from tenants.directory.models import Address, Membership, MergeCode, Operator, Person
from tenants.directory.selectors.blocks import BlockedName
from tenants.directory.selectors.people import holder_of
from tenants.directory.services.add_address import add_address
from tenants.directory.services.block import block
from tenants.directory.services.create_group import create_group
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.give_role import give_role
from tenants.directory.services.remove_person import remove_person
from tests.cast import ACTOR, BASE, Cast, Player
from tests.portal.identity.browser import Browser, sign_in_by_code
from tests.protection.asking import asked, grant
from tests.protection.steps import call, ledger, problem, protect, refusal, rights, send

CODE = re.compile(r"(?:[2-9B-Z]{4}-){3}[2-9B-Z]{4}")
Make = Callable[[], Player]


@pytest.fixture(autouse=True)
def _no_guesses_before() -> None:
    cache.clear()


@pytest.fixture
def make(cast: Cast) -> Make:
    """Return what makes a new member of Contoso with a device."""

    def made() -> Player:
        name = f"twin{uuid4().hex[:8]}"
        return cast.enroll(name, cast.join(name, "contoso").id, f"{name}@contoso.example")

    return made


@pytest.fixture
def kept(make: Make) -> Player:
    return make()


@pytest.fixture
def ends(make: Make) -> Player:
    return make()


def code_of(player: Player) -> str:
    answer = send(player, BASE, "POST", "/api/v1/me/merge-code", {})
    assert answer.status_code == 200, answer.content
    return str(answer.json()["code"])


def entered(player: Player, code: str, **more: Any) -> HttpResponse:
    return send(player, BASE, "POST", "/api/v1/me/merge", {"code": code, **more})


def merged(player: Player, other: Player) -> dict[str, Any]:
    answer = entered(player, code_of(other), confirm=other.address)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def refused(player: Player, other: Player, words: str) -> None:
    answer = entered(player, code_of(other), confirm=other.address)
    assert answer.status_code in {400, 403, 409}, answer.content
    assert words in answer.content.decode()
    assert Person.objects.get(id=other.id).is_active


def test_what_either_account_was_granted_opens_in_the_one_that_is_left(
    cast: Cast, kept: Player, ends: Player, plan: Path
) -> None:
    used = protect(cast.olga, plan, f"{ends.address}:VIEW", offline_days=0)
    assert rights(ends, used.path) == {"VIEW"}
    unused = protect(cast.olga, plan, f"{ends.address}:VIEW", offline_days=0)
    group = create_group(
        organization_id=cast.organizations["contoso"].id,
        address=f"team{uuid4().hex[:6]}@contoso.example",
        name="Team",
        members=[Member(person_id=ends.id)],
        actor=ACTOR,
    )
    grouped = protect(cast.olga, plan, f"{group.address}:VIEW", offline_days=0)
    own = protect(ends, plan, offline_days=0)
    code = code_of(ends)
    asked = problem(entered(kept, code), 409, "confirmation_required")
    assert asked["confirm"] == ends.address
    assert any("1" in one for one in asked["consequences"]), "how many documents become theirs"
    for sealed in (used, unused, grouped, own):
        refusal(kept, sealed.path)
    mail.outbox.clear()
    assert entered(kept, code, confirm=asked["confirm"]).json()["address"] == ends.address
    assert {kept.address, ends.address} <= {one.to[0] for one in mail.outbox if "merged" in one.subject}
    for sealed in (used, unused, grouped):
        assert rights(kept, sealed.path) == {"VIEW"}
    with in_schema(cast.organizations["contoso"].schema_name):
        carry_on(cast.organizations["contoso"].id)
    assert "OWNER" in rights(kept, own.path)
    with in_organization(cast.organizations["contoso"].id):
        document = Content.objects.get(cid=own.cid)
    assert (document.owner_id, document.issuer_id) == (kept.id, ends.id)
    assert holder_of(ends.address) == kept.id
    (event,) = ledger(cast, "contoso", "person.merged")[:1]
    assert event.personal["addresses"] == [ends.address]


def test_nothing_of_the_account_that_ended_signs_anybody_in(cast: Cast, kept: Player, ends: Player) -> None:
    there = Browser()
    sign_in_by_code(there, ends.address)
    merged(kept, ends)
    assert there.get("/accounts/sessions/").status_code == 302
    with pytest.raises(NotSignedIn):
        ends.session.service._tokens.for_origin(ends.session.account, "http://contoso.localhost:8000")
    assert not Person.objects.get(id=ends.id).is_active
    again = Browser()
    sign_in_by_code(again, ends.address)
    assert kept.address in again.get("/accounts/email/").content.decode(), "the address signs in to the account left"


def test_what_either_account_was_refused_stays_closed(cast: Cast, kept: Player, ends: Player, plan: Path) -> None:
    group = create_group(
        organization_id=cast.organizations["contoso"].id,
        address=f"all{uuid4().hex[:6]}@contoso.example",
        name="All",
        members=[Member(person_id=ends.id), Member(person_id=kept.id)],
        actor=ACTOR,
    )
    taken = protect(cast.olga, plan, f"{group.address}:VIEW", offline_days=0)
    denied = protect(cast.olga, plan, f"{group.address}:VIEW", deny=(ends.address,), offline_days=0)
    assert rights(ends, taken.path) == {"VIEW"}
    revoked = call(cast.olga, "contoso", "POST", f"documents/{taken.cid}/revoke", {"recipient": ends.address})
    assert revoked.status_code == 200, revoked.content
    assert rights(kept, taken.path) == {"VIEW"}
    merged(kept, ends)
    assert refusal(kept, taken.path).reason == "revoked_for_you"
    refusal(kept, denied.path)
    Address.objects.filter(person_id=kept.id, address=ends.address).delete()
    assert refusal(kept, taken.path).reason == "revoked_for_you", "it is theirs also without that address"


def test_a_block_follows_the_person(cast: Cast, kept: Player, ends: Player, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{kept.address}:VIEW", offline_days=0)
    names = [BlockedName("address", ends.address, person_id=ends.id)]
    block(organization_id=cast.organizations["contoso"].id, names=names, reason="A test", until=None, actor=ACTOR)
    assert rights(kept, sealed.path) == {"VIEW"}
    merged(kept, ends)
    Address.objects.filter(person_id=kept.id, address=ends.address).delete()
    refusal(kept, sealed.path)


def test_an_address_that_administrators_gave_signs_in_to_neither_account(
    cast: Cast, kept: Player, ends: Player
) -> None:
    alias = f"alias{uuid4().hex[:8]}@contoso.example"
    assert add_address(organization_id=cast.organizations["contoso"].id, person_id=ends.id, address=alias, actor=ACTOR)
    merged(kept, ends)
    assert holder_of(alias) == kept.id
    assert set(EmailAddress.objects.filter(user_id=kept.id).values_list("email", "verified")) == {
        (kept.address, True),
        (ends.address, True),
    }
    assert not EmailAddress.objects.filter(email=alias).exists()


def test_what_was_given_stays_under_the_address_with_which_it_ends(
    cast: Cast, kept: Player, ends: Player, plan: Path
) -> None:
    sealed = protect(cast.olga, plan, offline_days=0)
    grant(cast.olga, asked(ends, sealed))
    given = rights(ends, sealed.path)
    merged(kept, ends)
    assert rights(kept, sealed.path) == given
    with in_organization(cast.organizations["contoso"].id):
        assert PersonalGrant.objects.get(content_id=sealed.cid).address == ends.address


def test_a_revocation_that_was_set_for_later_comes(cast: Cast, kept: Player, ends: Player, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{ends.address}:VIEW", offline_days=0)
    assert rights(ends, sealed.path) == {"VIEW"}
    with in_organization(cast.organizations["contoso"].id):
        ScheduledRevocation.objects.create(
            content_id=sealed.cid,
            address="gone@contoso.example",
            identity=ends.id,
            at=int(time.time()) - 1,
            set_by={},
            by_administrator=False,
        )
    merged(kept, ends)
    refusal(kept, sealed.path)


def test_what_both_opened_counts_together(cast: Cast, kept: Player, ends: Player) -> None:
    start, device = timezone.now() - timedelta(hours=1), uuid4
    with in_organization(cast.organizations["contoso"].id):
        for player, taken, minutes in ((kept, 3, (0, 20, 40)), (ends, 2, (10, 30))):
            BudgetUse.objects.create(person_id=player.id, taken=taken, floor=1)
            for before, minute in enumerate(minutes):
                CountedOpening.objects.create(
                    person_id=player.id,
                    device_id=device(),
                    content_id=uuid4(),
                    at=start + timedelta(minutes=minute),
                    before=before,
                    own_before=before,
                )
        merge_identity(kept=kept.id, merged=ends.id)
        use = BudgetUse.objects.get(person_id=kept.id)
        assert (use.taken, use.floor) == (5, 2)
        assert not BudgetUse.objects.filter(person_id=ends.id).exists()
        rows = CountedOpening.objects.filter(person_id=kept.id).order_by("at")
        assert [(row.before, row.own_before) for row in rows] == [(one, one) for one in range(5)]


def test_an_open_review_follows_the_person(cast: Cast, kept: Player, ends: Player) -> None:
    with in_organization(cast.organizations["contoso"].id):
        review = Review.objects.create(
            number=10_000 + int(uuid4().int % 10_000),
            name="All",
            kinds=["groups"],
            reviewers=[],
            reviewer_addresses=[],
            started_by={},
            days=7,
            due_at=timezone.now() + timedelta(days=7),
        )
        item = {"review": review, "kind": "groups", "subject": f"person:{ends.id}", "person": ends.id, "whom": "x"}
        waits, answered = (ReviewItem.objects.create(**item, answer=answer) for answer in ("", "kept"))
        merge_identity(kept=kept.id, merged=ends.id)
        for row in (waits, answered):
            row.refresh_from_db()
        assert (waits.person, waits.subject) == (kept.id, f"person:{kept.id}")
        assert (answered.person, answered.subject) == (ends.id, f"person:{ends.id}")
        review.delete()


def test_an_address_of_a_policy_means_the_account_that_is_left(
    cast: Cast, kept: Player, ends: Player, plan: Path
) -> None:
    sealed = protect(cast.olga, plan, f"{ends.address}:VIEW", f"{kept.address}:VIEW", offline_days=0)
    for player in (ends, kept):
        assert rights(player, sealed.path) == {"VIEW"}
    merged(kept, ends)
    assert rights(kept, sealed.path) == {"VIEW"}
    with in_organization(cast.organizations["contoso"].id):
        assert set(GrantBinding.objects.filter(scope=sealed.cid).values_list("identity", flat=True)) == {kept.id}


def test_of_rights_given_to_both_the_newer_count_and_of_first_openings_the_earlier(
    cast: Cast, kept: Player, ends: Player, plan: Path
) -> None:
    contents = [protect(cast.olga, plan).cid for _ in range(2)]
    now, day = timezone.now(), timedelta(days=1)
    with in_organization(cast.organizations["contoso"].id):
        for cid, newer in zip(contents, (kept, ends), strict=True):
            for player in (kept, ends):
                given_at = now if player is newer else now - day
                grant_of = {"content_id": cid, "person_id": player.id, "address": player.address}
                made = PersonalGrant.objects.create(**grant_of, rights=["VIEW"], given_by=cast.olga.id)
                PersonalGrant.objects.filter(pk=made.pk).update(given_at=given_at)
                FirstOpening.objects.create(content_id=cid, person_id=player.id, at=given_at)
                asks = {"content_id": cid, "person_id": player.id, "address": player.address}
                AccessRequest.objects.create(**asks, reason="not_granted", wanted="viewer")
        merge_identity(kept=kept.id, merged=ends.id)
        for cid, newer in zip(contents, (kept, ends), strict=True):
            found = PersonalGrant.objects.get(content_id=cid)
            assert (found.person_id, found.address, found.given_at) == (kept.id, newer.address, now)
            first = FirstOpening.objects.get(content_id=cid)
            assert (first.person_id, first.at) == (kept.id, now - day)
            assert AccessRequest.objects.get(content_id=cid).person_id == kept.id


def test_who_is_paused_is_not_merged(cast: Cast, kept: Player, ends: Player) -> None:
    with in_organization(cast.organizations["contoso"].id):
        owner = {"owner_id": cast.ada.id, "owner_address": cast.ada.address, "made_by": cast.ada.id}
        budget = Budget.objects.create(openings=1, seconds=60, who=BudgetFor.PEOPLE, **owner)
        pause = Pause.objects.create(person_id=ends.id, budget=budget)
    try:
        refused(kept, ends, "is paused at Contoso")
    finally:
        with in_organization(cast.organizations["contoso"].id):
            pause.delete()
            budget.delete()


def test_a_code_is_good_once_for_a_quarter_of_an_hour_and_not_for_oneself(kept: Player, ends: Player) -> None:
    own = code_of(kept)
    assert "signed in to" in entered(kept, own).content.decode()
    old = code_of(ends)
    code = code_of(ends)
    problem(entered(kept, old, confirm=ends.address), 400, "refused_by_directory")
    MergeCode.objects.filter(person_id=ends.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    problem(entered(kept, code, confirm=ends.address), 400, "refused_by_directory")
    code = code_of(ends)
    assert entered(kept, code.lower().replace("-", ""), confirm=ends.address).status_code == 200
    problem(entered(kept, code, confirm=ends.address), 400, "refused_by_directory")


def test_wrong_codes_are_counted(kept: Player) -> None:
    for _attempt in range(10):
        problem(entered(kept, "2222-2222-2222-2222"), 400, "refused_by_directory")
    problem(entered(kept, "2222-2222-2222-2222"), 429, "too_many_codes")


def test_both_sides_take_a_fresh_sign_in(kept: Player, ends: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    code, now = code_of(ends), clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 700)
    problem(send(ends, BASE, "POST", "/api/v1/me/merge-code", {}), 403, "fresh_sign_in_required")
    problem(entered(kept, code, confirm=ends.address), 403, "fresh_sign_in_required")
    assert Person.objects.get(id=ends.id).is_active


def test_who_was_disabled_or_removed_does_not_come_back_by_another_account(
    cast: Cast, make: Make, kept: Player, ends: Player
) -> None:
    contoso = cast.organizations["contoso"].id
    code = code_of(ends)
    disable_person(organization_id=contoso, person_id=ends.id, actor=ACTOR)
    assert entered(kept, code, confirm=ends.address).status_code in {400, 403}
    gone = make()
    code = code_of(gone)
    remove_person(organization_id=contoso, person_id=gone.id, reason="", actor=ACTOR)
    assert entered(kept, code, confirm=gone.address).status_code in {400, 403}
    assert Membership.objects.within(contoso).get(person_id=kept.id).removed_at is None


def test_no_role_comes_by_it(cast: Cast, kept: Player, ends: Player) -> None:
    contoso = cast.organizations["contoso"].id
    give_role(organization_id=contoso, role="auditor", person_id=ends.id, actor=ACTOR)
    refused(kept, ends, "holds a role")


def test_super_users_and_operators_are_not_merged_away(cast: Cast, make: Make, kept: Player, ends: Player) -> None:
    Operator.objects.create(person_id=ends.id, address=ends.address)
    refused(kept, ends, "operator")
    other = make()
    with in_organization(cast.organizations["contoso"].id):
        SuperUser.objects.create(person_id=other.id, address=other.address, added_by=uuid4())
    refused(kept, other, "super user")
    third = make()
    group = create_group(
        organization_id=cast.organizations["contoso"].id,
        address=f"glass{uuid4().hex[:6]}@contoso.example",
        name="Glass",
        members=[Member(person_id=third.id)],
        actor=ACTOR,
    )
    with in_organization(cast.organizations["contoso"].id):
        ServiceSettings.objects.update(super_users_group=group.id)
    refused(kept, third, "super user")
    with in_organization(cast.organizations["contoso"].id):
        ServiceSettings.objects.update(super_users_group=None)


def test_the_page_leads_through_it(kept: Player, ends: Player) -> None:
    there, here = Browser(), Browser()
    sign_in_by_code(there, ends.address)
    sign_in_by_code(here, kept.address)
    page = there.post("/accounts/merge/", {"action_code": ""}).content.decode()
    code = MergeCode.objects.filter(person_id=ends.id)
    assert code.exists()
    shown = CODE.findall(page)[-1]
    asked = here.post("/accounts/merge/", {"code": shown})
    assert "closed here too" in asked.content.decode()
    assert Person.objects.get(id=ends.id).is_active, "nothing happens before it is confirmed"
    done = here.post("/accounts/merge/", {"code": shown, "confirm": ends.address})
    assert done.status_code == 302
    assert not Person.objects.get(id=ends.id).is_active
    assert Client().get("/accounts/merge/", headers={"host": "localhost:8000"}).status_code == 302
