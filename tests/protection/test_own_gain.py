"""A change of a template or group by which its author himself gains documents takes two, and is told (PROTOCOL P18)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail

from portal.tasks import answer_previews
from protection.client.session import Protected
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.isolation.visitors import Premises
from tests.protection.scene import call, ledger, problem, protect, refusal, rights

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
    assert call(player, slug, "POST", f"templates/{made}/publish").status_code == 204
    return made


def under(cast: Cast, owner: Player, slug: str, plan: Path) -> tuple[str, Protected]:
    """Return a template that lets nobody else in, and a document under it."""
    administrator = cast.pia if slug == "pair" else cast.sam
    made = template(administrator, slug, (owner.address, ["VIEW"]))
    return made, protect(owner, plan, template=made)


def let_in(player: Player, slug: str, template: str, *who: str) -> Any:
    grants = {address: ["VIEW"] for address in who}
    return call(player, slug, "PATCH", f"templates/{template}", {"policy": {"grants": grants}})


def told() -> set[str]:
    return {message.to[0] for message in mail.outbox if "gained access" in message.subject}


def test_an_administrator_does_not_let_himself_in_where_there_is_another_one(pair: Cast, plan: Path) -> None:
    made, sealed = under(pair, pair.ulf, "pair", plan)
    found = problem(let_in(pair.pia, "pair", made, pair.pia.address), 409, "needs_another_administrator")
    assert found["next_step"].startswith("Preview the change")
    assert refusal(pair.pia, sealed.path).reason == "not_granted"
    assert call(pair.pia, "pair", "GET", f"templates/{made}").json()["version"] == 1
    assert let_in(pair.pia, "pair", made, pair.ben.address).status_code == 200, "others he may let in"


def test_what_another_one_saves_counts_and_is_told(pair: Cast, plan: Path) -> None:
    made, sealed = under(pair, pair.ulf, "pair", plan)
    grants = [{"who": pair.pia.address, "rights": ["VIEW"]}]
    change = {"names": {"en": "Gain"}, "policy": {"grants": grants}}
    asked = call(pair.pia, "pair", "POST", "previews", {"kind": "template", "id": made, "change": change}).json()["id"]
    organization = pair.organizations["pair"].id
    with in_organization(organization):
        answer_previews(str(organization))
    problem(call(pair.pia, "pair", "POST", f"previews/{asked}/save"), 409, "needs_another_administrator")
    mail.outbox.clear()
    assert call(pair.ben, "pair", "POST", f"previews/{asked}/save").status_code == 200
    assert rights(pair.pia, sealed.path) == {"VIEW"}
    (event, *_) = ledger(pair, "pair", KIND)
    assert event.details == {"changes": "template", "target": made, "documents": 1, "approved": True}
    assert told() == {pair.ann.address}


def test_alone_he_may_and_auditors_are_told(pair: Cast, plan: Path) -> None:
    made, sealed = under(pair, pair.uma, "solo", plan)
    pair.join("eva", "solo", role="auditor")
    mail.outbox.clear()
    assert let_in(pair.sam, "solo", made, pair.sam.address).status_code == 200
    assert rights(pair.sam, sealed.path) == {"VIEW"}
    (event, *_) = ledger(pair, "solo", KIND)
    assert (event.details["approved"], event.details["documents"]) == (False, 1)
    assert told() == {pair.eva.address}


def test_bringing_back_a_version_is_such_a_change_too(pair: Cast, plan: Path) -> None:
    made = template(pair.pia, "pair", (pair.pia.address, ["VIEW"]))
    without = {"policy": {"grants": {pair.pia.address: None, pair.ulf.address: ["VIEW"]}}}
    assert call(pair.pia, "pair", "PATCH", f"templates/{made}", without).status_code == 200
    protect(pair.ulf, plan, template=made)
    restored = call(pair.pia, "pair", "POST", f"templates/{made}/versions/1/restore")
    problem(restored, 409, "needs_another_administrator")


@pytest.mark.parametrize("how", ["directly", "through a group", "by founding it"])
def test_nobody_joins_a_group_that_documents_name_on_his_own_word(pair: Cast, plan: Path, how: str) -> None:
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
    browser = Premises(pair, {}).browser("pair.localhost:8000", pair.pia)
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
    assert let_in(pair.pia, "pair", made, pair.ben.address).status_code == 200
    empty = template(pair.pia, "pair", (pair.ulf.address, ["VIEW"]))
    assert let_in(pair.pia, "pair", empty, pair.pia.address).status_code == 200, "no document follows it yet"
    assert len(ledger(pair, "pair", KIND)) == before
