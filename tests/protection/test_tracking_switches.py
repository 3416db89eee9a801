"""Tracking can be off, without names, or without one group's members, in every interface (promise C90)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone

from audit.services.report import ingest
from audit.services.sequence import sequence
from chancery.sdk.results import Protected
from portal.usecases.mail_notices import carry_on
from protection.models import Notice, Unmasking
from protection.services.notices import choose
from tenants.context import in_organization
from tenants.directory.members import Member
from tenants.directory.models import RoleReceipt
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import (
    MAX,
    RITA,
    call,
    confirmed,
    ledger,
    opening,
    problem,
    protect,
    refusal,
    shows_names,
    watched,
)
from tests.protection.test_recipients import group

NOT_MASKED: Final = "names_are_not_masked"


@pytest.fixture
def opened(cast: Cast, plan: Path) -> Protected:
    """Return a document that Rita opened and Max was refused."""
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=7)
    opening(cast.rita, sealed.path)
    opening(cast.rita, sealed.path)
    refusal(cast.max, sealed.path)
    with in_organization(cast.organizations["contoso"].id):
        ingest()
    return sealed


@pytest.fixture
def switched(cast: Cast) -> Iterator[Any]:
    """Return a function that sets how the organization tracks, until the test ends."""

    def to(**settings: str) -> None:
        answer = call(cast.ada, "contoso", "PATCH", "settings", {**settings, "confirm": "yes"})
        assert answer.status_code == 200, answer.content

    yield to
    shows_names(cast)


def everything(cast: Cast, who: Player, sealed: Protected, chancery: Any) -> str:
    """Return all that the interfaces say of a document to one person, without what its policy says."""
    cid = sealed.cid
    browser = Site(cast, {}).browser("contoso.localhost:8000", who)
    pages = {f"/documents/{cid}/": 'id="events"', "/": 'id="refusals"'}
    rows = call(who, "contoso", "GET", f"documents/{cid}/recipients").json()["results"]
    did = [{name: one[name] for name in ("opened", "refused", "last_opened", "last_from", "done")} for one in rows]
    listed = [one for one in rows if one["listed"] == "tried"]
    return " ".join(
        (
            *(browser.get(page).content.decode().partition(part)[2] for page, part in pages.items()),
            json.dumps([did, listed]),
            call(who, "contoso", "GET", f"documents/{cid}/events").content.decode(),
            chancery("track", cid, who=who).output.partition("sentence")[2],
        )
    )


def numbers(cast: Cast, who: Player, sealed: Protected) -> tuple[Any, ...]:
    found = call(who, "contoso", "GET", f"documents/{sealed.cid}").json()["document"]
    return found["opened"], found["refused"]


def people(cast: Cast, who: Player, sealed: Protected) -> dict[str, Any]:
    rows = call(who, "contoso", "GET", f"documents/{sealed.cid}/recipients").json()["results"]
    return {one["who"].removeprefix("address:"): (one["opened"], one["refused"], one["last_from"]) for one in rows}


def test_with_tracking_off_no_interface_says_that_anybody_opened_or_was_refused(
    cast: Cast, opened: Protected, switched: Any, chancery: Any
) -> None:
    assert (numbers(cast, cast.olga, opened), people(cast, cast.olga, opened)[RITA][0]) == ((2, 1), 2)
    assert RITA in everything(cast, cast.olga, opened, chancery)
    switched(tracking="off")
    for who in (cast.olga, cast.ada):
        assert numbers(cast, who, opened) == (None, None)
        shown = people(cast, who, opened)
        assert (shown[RITA], MAX in shown) == ((None, None, ""), False)
        said = everything(cast, who, opened, chancery)
        assert (RITA in said, MAX in said, "content.opened" in said) == (False, False, False)
    assert {one.kind for one in ledger(cast, "contoso", cid=opened.cid)} >= {"content.opened", "content.reported"}
    seen = call(cast.ada, "contoso", "GET", f"audit/events?cid={opened.cid}&kind=content.opened").json()["results"]
    assert {one["who"] for one in seen} == {RITA, MAX}, "the audit log cannot be switched off"


def test_without_names_owners_and_auditors_see_neither_names_nor_small_numbers(
    cast: Cast, opened: Protected, switched: Any, chancery: Any
) -> None:
    switched(tracking="pseudonymous")
    for who in (cast.olga, cast.ada):
        assert numbers(cast, who, opened) == (None, None), "two people are too few"
        said = everything(cast, who, opened, chancery)
        assert (RITA in said, MAX in said) == (False, False)
    query = f"audit/events?cid={opened.cid}&kind=content."
    seen = call(cast.ada, "contoso", "GET", query).json()["results"]
    masked = [one for one in seen if one["kind"] in {"content.opened", "content.reported"}]
    assert len(masked) == 3
    assert all(one["actor"]["kind"] == "unnamed" and "ip" not in one["personal"] for one in masked)
    assert RITA not in json.dumps(masked)
    for one in (RITA, MAX):
        by_person = call(cast.ada, "contoso", "GET", f"{query}&who={one}").json()["results"]
        assert by_person == [], "looking for a person finds none of their openings"


def test_without_names_people_still_see_what_they_did_themselves(cast: Cast, opened: Protected, switched: Any) -> None:
    opening(cast.olga, opened.path)
    switched(tracking="pseudonymous")
    assert people(cast, cast.olga, opened)[cast.olga.address][0] == 1
    found = call(cast.ada, "contoso", "GET", f"documents/{opened.cid}/events").json()["results"]
    assert not [one for one in found if one["kind"] == "content.opened"]


def test_many_are_counted_without_names(cast: Cast, plan: Path, switched: Any) -> None:
    readers = (cast.rita, cast.max, cast.ada, cast.mallory, cast.olga)
    sealed = protect(cast.olga, plan, *(f"{one.address}:VIEW" for one in readers if one is not cast.olga))
    for one in readers:
        opening(one, sealed.path)
    switched(tracking="pseudonymous")
    assert numbers(cast, cast.olga, sealed) == (5, 0)
    assert people(cast, cast.olga, sealed)[RITA] == (None, None, "")


def test_lists_are_not_sorted_by_numbers_that_are_not_shown(cast: Cast, opened: Protected, switched: Any) -> None:
    switched(tracking="pseudonymous")
    by = {
        sort: [one["cid"] for one in call(cast.olga, "contoso", "GET", f"documents?sort={sort}").json()["results"]]
        for sort in ("-opened", "refused", "-registered_at")
    }
    assert by["-opened"] == by["refused"] == by["-registered_at"]


def test_members_of_the_untracked_group_are_hidden_from_users_and_not_from_auditors(
    cast: Cast, opened: Protected, switched: Any, chancery: Any
) -> None:
    inner = group(cast, "works", Member(person_id=cast.max.id))
    council = group(cast, "council", Member(group_id=inner.id))
    switched(untracked_group=council.address)
    assert numbers(cast, cast.olga, opened) == (2, 0)
    assert MAX not in people(cast, cast.olga, opened)
    assert MAX not in everything(cast, cast.olga, opened, chancery)
    assert RITA in everything(cast, cast.olga, opened, chancery)
    assert numbers(cast, cast.ada, opened) == (2, 1)
    assert people(cast, cast.ada, opened)[MAX][:2] == (0, 1)
    for path in (f"documents/{opened.cid}/places", f"documents/{opened.cid}/export?what=recipients&as=csv"):
        said = call(cast.olga, "contoso", "GET", path).content.decode()
        assert ("contoso.example" in said.replace(cast.olga.address, ""), "fabrikam.example" in said) == (False, True)
    with in_organization(cast.organizations["contoso"].id):
        sequence()
        carry_on(cast.organizations["contoso"].id)
        choose(person=cast.olga.id, of="every", cid=opened.cid)
    refusal(cast.max, opened.path)
    opening(cast.olga, opened.path)
    with in_organization(cast.organizations["contoso"].id):
        ingest()
        sequence()
        carry_on(cast.organizations["contoso"].id)
        assert not Notice.objects.filter(content_id=opened.cid).exists()


def test_auditors_hear_when_owners_are_to_see_more_or_less(cast: Cast, switched: Any) -> None:
    auditor = cast.join(f"hears{uuid4().hex[:6]}", "contoso", role="auditor")
    shown = {"pseudonymous": "how often they were opened, without names (before: who opened them", "off": "nothing"}
    for tracking, words in shown.items():
        before = len(mail.outbox)
        switched(tracking=tracking)
        (told,) = [one for one in mail.outbox[before:] if one.to == [auditor.address]]
        assert cast.ada.address in told.body
        assert f"what owners see of readers: {words}" in told.body


def named(what: str) -> str:
    """Return a name that no other test gives to a group."""
    return f"{what}{uuid4().hex[:6]}"


def test_hiding_people_is_asked_first_since_only_an_auditor_undoes_it(
    cast: Cast, opened: Protected, switched: Any
) -> None:
    hidden = group(cast, named("works"), Member(person_id=cast.max.id)).address
    for change in ({"tracking": "pseudonymous"}, {"tracking": "off"}, {"untracked_group": hidden}):
        asked = problem(call(cast.ada, "contoso", "PATCH", "settings", change), 409, "confirmation_required")
        assert "an auditor who is independent of you has to approve it" in " ".join(asked["consequences"])
    assert numbers(cast, cast.olga, opened) == (2, 1), "what is not confirmed changes nothing"
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    form = {"suite": "hybrid", "max_license_days": 30, "lease_seconds": 0, "registration_days": 90, "keep_titles": "on"}
    shown = page.post("/settings/", {**form, "tracking": "pseudonymous"}).content.decode()
    assert ("Hide it" in shown, 'name="tracking" value="pseudonymous"' in shown) == (True, True)
    assert page.post("/settings/", {**form, "tracking": "pseudonymous", "confirm": "yes"}).status_code == 302
    assert numbers(cast, cast.olga, opened) == (None, None)
    assert call(cast.ada, "contoso", "PATCH", "settings", {"tracking": "off"}).status_code == 200, "it stays hidden"


def test_a_hidden_group_is_cleared_or_exchanged_only_when_an_independent_auditor_approves(
    cast: Cast, opened: Protected, switched: Any, chancery: Any
) -> None:
    auditor = cast.join(f"auditor{uuid4().hex[:6]}", "contoso", role="auditor")
    works, others = group(cast, named("works"), Member(person_id=cast.max.id)), group(cast, named("others"))
    wider = group(cast, named("wider"), Member(group_id=works.id), Member(person_id=cast.ada.id))
    switched(untracked_group=works.address)
    for shown in ("", others.address):
        change = {"untracked_group": shown, "confirm": "yes"}
        problem(call(cast.ada, "contoso", "PATCH", "settings", change), 409, "needs_an_auditor")
    assert numbers(cast, cast.olga, opened) == (2, 0)
    switched(untracked_group=wider.address)
    asking = {"untracked_group": works.address, "confirm": "Contoso", "reason": "Ada left it"}
    problem(call(cast.olga, "contoso", "POST", "names/group", asking), 403, "permission_denied")
    came, mails = watched(cast, "contoso", "names.", "settings.changed"), len(mail.outbox)
    told = chancery("names", "ask-group", "--reason", "The agreement has ended", "--yes", who=cast.ada)
    assert told.exit_code == 0, told.output
    (written,) = [one for one in mail.outbox[mails:] if one.to == [auditor.address]]
    assert ("The agreement has ended" in written.body, "members of no group" in written.body) == (True, True)
    waiting = call(auditor, "contoso", "GET", "names?state=waiting").json()["results"]
    asked = next(one["id"] for one in waiting if one["about"] == "group")
    problem(
        call(cast.ada, "contoso", "POST", f"names/{asked}/approve", {"confirm": cast.ada.address}), 404, "not_found"
    )
    assert numbers(cast, cast.olga, opened) == (2, 0), "asking shows nothing yet"
    question = problem(call(auditor, "contoso", "POST", f"names/{asked}/approve", {}), 409, "confirmation_required")
    assert f"Hidden now: {wider.address}. Hidden from then on: nobody." in question["consequences"]
    assert confirmed(auditor, "contoso", "POST", f"names/{asked}/approve", {}).status_code == 200
    assert people(cast, cast.olga, opened)[MAX][:2] == (0, 1)
    assert [one.kind for one in came()] == ["settings.changed", "names.shown", "names.asked"]
    seen = call(auditor, "contoso", "GET", "audit/events?kind=names.").json()["results"][:2]
    assert all("hide another group's members" in one["sentence"] for one in seen)


def test_what_an_auditor_approved_is_not_done_once_another_group_is_hidden(cast: Cast, switched: Any) -> None:
    auditor = cast.join(f"auditor{uuid4().hex[:6]}", "contoso", role="auditor")
    works = group(cast, named("works"), Member(person_id=cast.max.id))
    wider = group(cast, named("wider"), Member(group_id=works.id), Member(person_id=cast.olga.id))
    switched(untracked_group=works.address)
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    assert works.address in page.get("/names/").content.decode().replace("<wbr>", "")
    form = {"untracked_group": "", "confirm": "Contoso", "reason": "The agreement has ended"}
    assert page.post("/names/group/", form).status_code == 302
    waiting = call(auditor, "contoso", "GET", "names?state=waiting").json()["results"]
    asked = next(one["id"] for one in waiting if one["about"] == "group")
    switched(untracked_group=wider.address)
    answer = call(auditor, "contoso", "POST", f"names/{asked}/approve", {"confirm": cast.ada.address})
    problem(answer, 409, "hidden_group_changed")
    assert call(auditor, "contoso", "POST", f"names/{asked}/decline", {}).status_code == 200


def test_a_group_that_is_not_there_hides_nobody_by_mistake(cast: Cast) -> None:
    came = watched(cast, "contoso", "settings.changed")
    answer = call(cast.ada, "contoso", "PATCH", "settings", {"untracked_group": "nobody@contoso.example"})
    problem(answer, 404, "not_found")
    assert came() == []


# --- names for a reason --------------------------------------------------------------------------------------------


def test_names_are_shown_for_a_reason_once_an_independent_auditor_approves(
    cast: Cast, opened: Protected, switched: Any
) -> None:
    auditor = cast.join(f"auditor{uuid4().hex[:6]}", "contoso", role="auditor")
    ask, answer = f"documents/{opened.cid}/names", "names/{}/approve".format
    problem(call(cast.olga, "contoso", "POST", ask, {"confirm": "plan.txt", "reason": "A leak"}), 409, NOT_MASKED)
    switched(tracking="pseudonymous")
    problem(call(cast.olga, "contoso", "POST", ask, {"confirm": "plan.txt"}), 409, "reason_required")
    came, mails = watched(cast, "contoso", "names."), len(mail.outbox)
    asked = call(cast.olga, "contoso", "POST", ask, {"confirm": "plan.txt", "reason": "A leak, case 17"}).json()["id"]
    assert len(mail.outbox) > mails, "auditors hear of it"
    assert people(cast, cast.olga, opened)[RITA][0] is None, "asking shows nothing yet"
    confirm = {"confirm": cast.olga.address}
    for wrong in (cast.olga, cast.max, cast.ada):
        problem(call(wrong, "contoso", "POST", answer(asked), confirm), 404, "not_found")
    assert confirmed(auditor, "contoso", "POST", answer(asked), {}).status_code == 200
    assert people(cast, cast.olga, opened)[RITA][:2] == (2, 0)
    assert people(cast, auditor, opened)[MAX][:2] == (0, 1)
    assert people(cast, cast.ada, opened)[RITA][0] is None, "nobody else sees names"
    seen = call(auditor, "contoso", "GET", f"audit/events?cid={opened.cid}&kind=content.opened").json()["results"]
    assert {one["who"] for one in seen} == {RITA, MAX}
    again = problem(call(auditor, "contoso", "POST", answer(asked), confirm), 409, "already_answered")
    assert f"approved already, by {auditor.address}" in again["detail"], "what a second tab reads"
    timeline = call(auditor, "contoso", "GET", f"documents/{opened.cid}/events").json()["results"]
    said = {one["kind"]: one["sentence"] for one in timeline}
    assert "who opened “plan.txt”" in said["names.asked"]
    assert "all documents" not in said["names.asked"] + said["names.shown"]
    assert [(one.kind, one.details.get("note")) for one in came()] == [
        ("names.shown", None),
        ("names.asked", "A leak, case 17"),
    ]
    with in_organization(cast.organizations["contoso"].id):
        Unmasking.objects.update(until=timezone.now())
    assert people(cast, cast.olga, opened)[RITA][0] is None, "it ends by itself"


def test_an_auditor_made_by_who_asks_is_not_independent_of_them(cast: Cast, opened: Protected, switched: Any) -> None:
    straw = cast.join(f"straw{uuid4().hex[:6]}", "contoso", role="auditor")
    contoso = cast.organizations["contoso"].id
    RoleReceipt.objects.create(organization_id=contoso, person_id=straw.id, giver=cast.ada.id)
    switched(tracking="pseudonymous")
    body = {"confirm": "plan.txt", "reason": "Curious"}
    asked = call(cast.ada, "contoso", "POST", f"documents/{opened.cid}/names", body).json()["id"]
    answer = call(straw, "contoso", "POST", f"names/{asked}/approve", {"confirm": cast.ada.address})
    problem(answer, 409, "needs_an_auditor")
    declined = call(straw, "contoso", "POST", f"names/{asked}/decline", {})
    assert declined.status_code == 200
    assert people(cast, cast.ada, opened)[RITA][0] is None


@pytest.mark.parametrize("hidden", ["pseudonymous", "off"])
def test_names_are_shown_again_only_when_an_independent_auditor_approves(
    cast: Cast, opened: Protected, switched: Any, hidden: str, chancery: Any
) -> None:
    auditor = cast.join(f"auditor{uuid4().hex[:6]}", "contoso", role="auditor")
    switched(tracking=hidden)
    problem(call(cast.ada, "contoso", "PATCH", "settings", {"tracking": "named"}), 409, "needs_an_auditor")
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    assert "Ask to show names on all documents again" in page.get("/names/").content.decode()
    problem(call(cast.olga, "contoso", "POST", "names", {"reason": "Curious"}), 403, "permission_denied")
    came = watched(cast, "contoso", "names.", "settings.changed")
    told = chancery("names", "ask-all", "--reason", "The agreement has ended", "--yes", who=cast.ada)
    assert told.exit_code == 0, told.output
    waiting = call(auditor, "contoso", "GET", "names?state=waiting").json()["results"]
    (asked,) = [one["id"] for one in waiting if one["cid"] is None]
    problem(
        call(cast.ada, "contoso", "POST", f"names/{asked}/approve", {"confirm": cast.ada.address}), 404, "not_found"
    )
    assert numbers(cast, cast.olga, opened) == (None, None), "asking shows nothing yet"
    assert confirmed(auditor, "contoso", "POST", f"names/{asked}/approve", {}).status_code == 200
    assert people(cast, cast.olga, opened)[RITA][:2] == (2, 0)
    assert [one.kind for one in came()] == ["settings.changed", "names.shown", "names.asked"]
    problem(call(cast.ada, "contoso", "POST", "names", {"reason": "Again", "confirm": "Contoso"}), 409, NOT_MASKED)


def test_the_pages_lead_through_asking_and_answering(cast: Cast, opened: Protected, switched: Any) -> None:
    auditor = cast.join(f"auditor{uuid4().hex[:6]}", "contoso", role="auditor")
    switched(tracking="pseudonymous")
    site, host = Site(cast, {}), "contoso.localhost:8000"
    olga = site.browser(host, cast.olga)
    assert "Ask to see names" in olga.get(f"/documents/{opened.cid}/").content.decode()
    path = f"/documents/{opened.cid}/names/"
    assert "Ask to see who opened" in olga.post(path).content.decode()
    assert olga.post(path, {"confirm": "plan.txt", "reason": "A leak, case 18"}).status_code == 302
    again = olga.get(f"/documents/{opened.cid}/").content.decode()
    assert ("You asked to see names on" in again, f'action="{path}"' in again) == (True, False)
    listed = call(auditor, "contoso", "GET", "names?state=waiting").json()["results"]
    asked = next(one["id"] for one in listed if one["reason"] == "A leak, case 18")
    reader = site.browser(host, auditor)
    assert "A leak, case 18" in reader.get("/names/").content.decode()
    done = reader.post(f"/names/{asked}/", {"act": "show", "confirm": cast.olga.address})
    assert done.status_code == 302
    assert RITA in olga.get(f"/documents/{opened.cid}/").content.decode().partition('id="events"')[2]
