"""A change of a template or group by which its author gains access takes two administrators.

See docs/protocol.md P18.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.db import connections
from django.utils import timezone

from chancery.sdk.results import Protected
from portal.tasks import answer_previews
from portal.usecases.caller import caller_at
from portal.usecases.self_granted_access import guarding_self_granted_access
from tenants.context import in_organization
from tenants.directory.members import Member
from tenants.directory.models import Membership, Person, RoleAssignment, RoleReceipt
from tenants.directory.services.change_group import change_group
from tenants.directory.services.create_application import create_application
from tenants.directory.services.disable_application import disable_application
from tests.cast import ACTOR, Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import call, ledger, problem, protect, refusal, rights

KIND = "access.gained_by_author"


@pytest.fixture(scope="module")
def pair(cast: Cast) -> Iterator[Cast]:
    """Return the cast with an organization that has two administrators, an auditor and a user who owns documents."""
    cast.found("pair", "pia")
    cast.join("ben", "pair", role="global_administrator")
    cast.join("ann", "pair", role="auditor")
    cast.join("ulf", "pair")
    cast.found("solo", "sam")
    cast.join("uma", "solo")
    yield cast
    mail.outbox.clear()


def template(player: Player, slug: str, *grants: tuple[str, list[str]]) -> str:
    entries = [{"who": who, "rights": names} for who, names in grants]
    body = {"names": {"en": f"Gain {uuid4().hex[:6]}"}, "policy": {"grants": entries}}
    made = str(call(player, slug, "POST", "templates", body).json()["id"])
    assert call(player, slug, "POST", f"templates/{made}/publish").status_code == 200
    return made


def under(cast: Cast, owner: Player, slug: str, plan: Path) -> tuple[str, Protected]:
    """Return a template that lets nobody else in, and a document under it."""
    administrator = cast.pia if slug == "pair" else cast.sam
    made = template(administrator, slug, (owner.address, ["VIEW"]))
    return made, protect(owner, plan, template=made)


def let_in(player: Player, slug: str, template: str, *who: str) -> Any:
    grants = {address: ["VIEW"] for address in who}
    return call(player, slug, "PATCH", f"templates/{template}", {"policy": {"grants": grants}})


def told() -> dict[str, str]:
    """Return what was mailed about gains, by whom it was sent to."""
    return {one.to[0]: f"{one.subject}\n{one.body}" for one in mail.outbox if "gained access" in one.subject}


def prepared(cast: Cast, player: Player, kind: str, target: object, change: dict[str, Any]) -> str:
    """Preview a change and let a worker answer; return the preview."""
    asked = call(player, "pair", "POST", "previews", {"kind": kind, "id": str(target), "change": change})
    assert asked.status_code == 202, asked.content
    organization = cast.organizations["pair"].id
    with in_organization(organization):
        answer_previews(str(organization))
    return str(asked.json()["id"])


def save(player: Player, preview: str) -> Any:
    return call(player, "pair", "POST", f"previews/{preview}/save")


def test_an_administrator_grants_themselves_no_access_where_there_is_another_one(pair: Cast, plan: Path) -> None:
    made, sealed = under(pair, pair.ulf, "pair", plan)
    found = problem(let_in(pair.pia, "pair", made, pair.pia.address), 409, "needs_another_administrator")
    assert found["next_step"].startswith("Preview the change")
    assert refusal(pair.pia, sealed.path).reason == "not_granted"
    assert call(pair.pia, "pair", "GET", f"templates/{made}").json()["version"] == 1
    assert let_in(pair.pia, "pair", made, pair.ben.address).status_code == 200, "others he may let in"
    tomorrow = int(time.time()) + 86_400

    def until(player: Player, end: int | None) -> Any:
        policy = {"grants": {pair.pia.address: {"rights": ["VIEW"], "until": end}}}
        return call(player, "pair", "PATCH", f"templates/{made}", {"policy": policy})

    assert until(pair.ben, tomorrow).status_code == 200
    for later in (tomorrow + 1, None):
        problem(until(pair.pia, later), 409, "needs_another_administrator")
    assert until(pair.pia, tomorrow - 1).status_code == 200


def test_what_another_administrator_saves_counts_and_is_reported(pair: Cast, plan: Path) -> None:
    made, sealed = under(pair, pair.ulf, "pair", plan)
    grants = [{"who": pair.pia.address, "rights": ["VIEW"]}]
    asked = prepared(pair, pair.pia, "template", made, {"names": {"en": "Gain"}, "policy": {"grants": grants}})
    problem(save(pair.pia, asked), 409, "needs_another_administrator")
    shown = Site(pair, {}).browser("pair.localhost:8000", pair.ben).get(f"/previews/{asked}/").content.decode()
    assert "Pia proposes this change." in shown
    assert "This would give Pia access. If you save it, you agree to that" in shown
    mail.outbox.clear()
    assert save(pair.ben, asked).status_code == 200
    assert rights(pair.pia, sealed.path) == {"VIEW"}
    (event, *_) = ledger(pair, "pair", KIND)
    assert event.details == {"changes": "template", "target": made, "documents": 1, "approved": True}
    assert event.personal["addresses"] == [pair.ben.address], "who made it"
    assert event.personal["recipient"] == pair.pia.address, "who gained"
    (mailed,) = told().items()
    assert mailed[0] == pair.ann.address
    assert f"{pair.pia.address} gained access" in mailed[1]
    assert f"Ben ({pair.ben.address}) has changed" in mailed[1]


def test_who_gains_cannot_save_what_another_administrator_merely_previewed(pair: Cast, plan: Path) -> None:
    made, sealed = under(pair, pair.ulf, "pair", plan)
    grants = [{"who": pair.pia.address, "rights": ["VIEW"]}]
    asked = prepared(pair, pair.ben, "template", made, {"names": {"en": "Gain"}, "policy": {"grants": grants}})
    problem(save(pair.pia, asked), 409, "needs_another_administrator")
    refusal(pair.pia, sealed.path)


def test_an_administrator_who_gains_by_a_applications_change_is_on_record_too(pair: Cast, plan: Path) -> None:
    address = f"g{uuid4().hex[:6]}@pair.example"
    made = group(pair, address)
    protect(pair.ulf, plan, f"{address}:VIEW")
    organization = pair.organizations["pair"]
    person = create_application(
        organization_id=organization.id, name=f"sync {uuid4().hex[:6]}", roles=("directory",), actor=ACTOR
    ).person_id
    mail.outbox.clear()
    application = caller_at(organization, Person.objects.get(id=person), ip="", source="test")
    added = [Member(person_id=pair.pia.id)]
    with (
        in_organization(organization.id),
        guarding_self_granted_access(caller=application, changes="group", target=made),
    ):
        change_group(organization_id=organization.id, group_id=made, add=added, actor=ACTOR)
    (event, *_) = ledger(pair, "pair", KIND)
    assert (event.personal["recipient"], event.details["approved"]) == (pair.pia.address, False)
    assert set(told()) == {pair.pia.address, pair.ben.address, pair.ann.address}


def test_leaving_a_group_that_documents_deny_is_such_a_change_too(pair: Cast, plan: Path) -> None:
    address = f"g{uuid4().hex[:6]}@pair.example"
    made = group(pair, address, pair.pia.address)
    sealed = protect(pair.ulf, plan, f"{pair.pia.address}:VIEW", deny=(address,))
    answer = call(pair.pia, "pair", "PATCH", f"groups/{made}", {"remove": [pair.pia.address]})
    problem(answer, 409, "needs_another_administrator")
    browser = Site(pair, {}).browser("pair.localhost:8000", pair.pia)
    browser.post(f"/groups/{made}/change/", {"address": pair.pia.address, "act": "remove"})
    refusal(pair.pia, sealed.path)


def test_two_changes_that_let_somebody_in_together_wait_for_each_other(pair: Cast, plan: Path) -> None:
    """One lets a group in, the other adds its author to the group: neither gives anything by itself."""
    address = f"g{uuid4().hex[:6]}@pair.example"
    inner, made = group(pair, address), template(pair.pia, "pair", (pair.ulf.address, ["VIEW"]))
    sealed = protect(pair.ulf, plan, template=made)
    changes: list[Callable[[], Any]] = [
        lambda: call(pair.pia, "pair", "PATCH", f"groups/{inner}", {"add": [pair.pia.address]}),
        lambda: let_in(pair.pia, "pair", made, address),
    ]

    def alone(change: Callable[[], Any]) -> int:
        try:
            return int(change().status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(alone, changes)) == [200, 409]
    refusal(pair.pia, sealed.path)


def test_what_an_application_gains_its_administrators_gain(pair: Cast, plan: Path) -> None:
    """A person who can get an application's enrollment code could let it in, and themselves be denied for show."""
    made, _ = under(pair, pair.ulf, "pair", plan)
    organization = pair.organizations["pair"]
    grants = {f"organization:{organization.id}": ["VIEW"]}
    deny = {one.address: True for one in (pair.pia, pair.ben, pair.ann)}
    everybody = {"policy": {"grants": grants, "deny": deny}}
    account = create_application(organization_id=organization.id, name="archive", actor=ACTOR)
    answer = call(pair.pia, "pair", "PATCH", f"templates/{made}", everybody)
    problem(answer, 409, "needs_another_administrator")
    disable_application(organization_id=organization.id, client_id=account.client_id, actor=ACTOR)


def straw(cast: Cast, maker: Player) -> Player:
    """Return a second administrator's account that an administrator has just made."""
    name = f"straw{uuid4().hex[:6]}"
    address = f"{name}@pair.example"
    body = {"email": address, "role": "global_administrator", "confirm": address, "reason": "A deputy"}
    made = call(maker, "pair", "POST", "people", body)
    assert made.status_code == 201, made.content
    return cast.enroll(name, UUID(made.json()["id"]), address)


def test_an_account_of_one_s_own_making_is_no_second_administrator(pair: Cast, plan: Path) -> None:
    made, sealed = under(pair, pair.ulf, "pair", plan)
    other = straw(pair, pair.pia)
    found = problem(let_in(other, "pair", made, pair.pia.address), 409, "needs_another_administrator")
    assert "made you an administrator" in found["detail"]
    problem(let_in(pair.pia, "pair", made, other.address), 409, "needs_another_administrator")
    third = straw(pair, other)
    problem(let_in(third, "pair", made, pair.pia.address), 409, "needs_another_administrator")
    grants = [{"who": pair.pia.address, "rights": ["VIEW"]}]
    asked = prepared(pair, pair.pia, "template", made, {"names": {"en": "Gain"}, "policy": {"grants": grants}})
    problem(save(third, asked), 409, "needs_another_administrator")
    refusal(pair.pia, sealed.path)
    weeks = timezone.now() - timedelta(days=8)
    places = Membership.objects.within(pair.organizations["pair"].id).filter(person_id__in=[other.id, third.id])
    places.update(created_at=weeks)
    RoleReceipt.objects.within(pair.organizations["pair"].id).update(at=weeks)
    assert let_in(other, "pair", made, pair.pia.address).status_code == 200, "after a week they are two"
    given = RoleAssignment.objects.within(pair.organizations["pair"].id)
    given.filter(person_id__in=[other.id, third.id]).delete()


def test_every_gain_of_an_administrator_is_recorded_and_mailed(pair: Cast, plan: Path) -> None:
    made, _ = under(pair, pair.ulf, "pair", plan)
    mail.outbox.clear()
    assert let_in(pair.pia, "pair", made, pair.ben.address).status_code == 200
    (event, *_) = ledger(pair, "pair", KIND)
    assert (event.personal["recipient"], event.details["approved"]) == (pair.ben.address, True)
    assert pair.ann.address in told()


def test_a_sole_administrator_may_and_auditors_are_notified(pair: Cast, plan: Path) -> None:
    made, sealed = under(pair, pair.uma, "solo", plan)
    pair.join("eva", "solo", role="auditor")
    mail.outbox.clear()
    assert let_in(pair.sam, "solo", made, pair.sam.address).status_code == 200
    assert rights(pair.sam, sealed.path) == {"VIEW"}
    (event, *_) = ledger(pair, "solo", KIND)
    assert (event.details["approved"], event.details["documents"]) == (False, 1)
    assert set(told()) == {pair.eva.address}


def test_bringing_back_a_version_is_such_a_change_too(pair: Cast, plan: Path) -> None:
    made = template(pair.pia, "pair", (pair.pia.address, ["VIEW"]))
    without = {"policy": {"grants": {pair.pia.address: None, pair.ulf.address: ["VIEW"]}}}
    assert call(pair.pia, "pair", "PATCH", f"templates/{made}", without).status_code == 200
    protect(pair.ulf, plan, template=made)
    restored = call(pair.pia, "pair", "POST", f"templates/{made}/versions/1/restore")
    problem(restored, 409, "needs_another_administrator")


@pytest.mark.parametrize("how", ["directly", "through a group", "by founding it"])
def test_nobody_adds_themselves_to_a_group_that_documents_name(pair: Cast, plan: Path, how: str) -> None:
    address = f"g{uuid4().hex[:6]}@pair.example"
    made = None if how == "by founding it" else group(pair, address)
    sealed = protect(pair.ulf, plan, f"{address}:VIEW")
    if made is None:
        body = {"address": address, "name": "Mine", "members": [pair.pia.address]}
        answer = call(pair.pia, "pair", "POST", "groups", body)
    else:
        member = pair.pia.address
        if how == "through a group":
            inner = f"i{uuid4().hex[:6]}@pair.example"
            group(pair, inner, pair.pia.address)
            member = inner
        answer = call(pair.pia, "pair", "PATCH", f"groups/{made}", {"add": [member]})
    problem(answer, 409, "needs_another_administrator")
    refusal(pair.pia, sealed.path)


def group(cast: Cast, address: str, *members: str) -> UUID:
    body = {"address": address, "name": address, "members": list(members)}
    answer = call(cast.pia, "pair", "POST", "groups", body)
    assert answer.status_code == 201, answer.content
    return UUID(answer.json()["id"])


def test_the_page_says_what_to_do_and_changes_nothing(pair: Cast, plan: Path) -> None:
    made, _ = under(pair, pair.ulf, "pair", plan)
    browser = Site(pair, {}).browser("pair.localhost:8000", pair.pia)
    form = {
        "name": "Gain",
        "grants": f"{pair.pia.address}: viewer",
        "expiry_option": "never",
        "offline_rule": "limit",
        "based_on": "1",
    }
    page = browser.post(f"/templates/{made}/", form)
    assert "ask another administrator" in page.content.decode()
    assert call(pair.pia, "pair", "GET", f"templates/{made}").json()["version"] == 1


def test_a_change_that_gives_its_author_nothing_is_no_such_event(pair: Cast, plan: Path) -> None:
    before = len(ledger(pair, "pair", KIND))
    made, _ = under(pair, pair.ulf, "pair", plan)
    assert let_in(pair.pia, "pair", made, pair.uma.address).status_code == 200
    empty = template(pair.pia, "pair", (pair.ulf.address, ["VIEW"]))
    assert let_in(pair.pia, "pair", empty, pair.pia.address).status_code == 200, "no document follows it yet"
    assert len(ledger(pair, "pair", KIND)) == before
