"""Whoever an organization blocks gets nothing there, whatever they are granted, and reads what a stranger reads."""

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chancery.sdk.errors import Refused, Unreachable
from protection.selectors.organization import is_activated
from tenants.context import in_organization, in_public
from tenants.directory.errors import NotPermitted
from tenants.directory.models import Address, Block
from tenants.directory.selectors.blocks import blocked_name
from tenants.directory.services.block import block as service
from tenants.directory.services.create_person import create_person
from tests.cast import ACTOR, Cast, Player
from tests.isolation.endpoints import Site
from tests.portal.identity.browser import enter
from tests.protection.outsider import Outsider, mails
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
    rights,
    shows_names,
    watched,
)


@pytest.fixture(autouse=True)
def _without_blocks(settings: Any) -> Iterator[None]:
    settings.EMAIL_BACKEND = "portal.notifications.backend.NotificationBackend"
    yield
    with in_public():
        Block.objects.of_installation().delete()


def block(cast: Cast, *who: str, **more: Any) -> dict[str, Any]:
    answer = confirmed(cast.ada, "contoso", "POST", "blocks", {"who": list(who), **more})
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def told(player: Player, sealed: Path) -> tuple[str, ...]:
    """Return all that a refused person reads."""
    found = refusal(player, sealed)
    return (found.reason, str(found), str(found.remedy), found.contact)


def test_a_block_beats_every_grant_and_reads_like_nothing_granted(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:OWNER", offline_days=0)
    stranger = protect(cast.olga, plan, offline_days=0)
    foreign = protect(cast.rita, plan, offline_days=0)
    assert "VIEW" in rights(cast.rita, sealed.path)
    words = told(cast.rita, stranger.path)
    made = block(cast, RITA, reason="Sends traps")
    assert (made["changed"], made["blocked"]) == (True, 1)
    since = watched(cast, "contoso", "content.opened")
    assert told(cast.rita, sealed.path) == words, "the same to the letter as for a stranger"
    assert [one.reason for one in since()] == ["blocked"], "and the event says what it was"
    assert rights(cast.rita, foreign.path), "other organizations are not concerned"
    (event,) = ledger(cast, "contoso", "block.made")[:1]
    assert (event.personal["title"], event.details["reason"]) == (RITA, "Sends traps")
    (row,) = call(cast.ada, "contoso", "GET", "blocks").json()["results"]
    assert (row["value"], row["kind"], row["made_by"], row["over"]) == (RITA, "address", cast.ada.address, False)
    again = call(cast.ada, "contoso", "POST", "blocks", {"who": [RITA], "confirm": RITA, "reason": "Again"}).json()
    assert (again["changed"], again["blocked"]) == (False, 0)
    assert confirmed(cast.ada, "contoso", "DELETE", f"blocks/{row['id']}").json()["changed"]
    assert "VIEW" in rights(cast.rita, sealed.path)


@pytest.mark.parametrize(
    ("who", "more", "means"),
    [
        ("fabrikam.example", {}, True),
        ("@fabrikam.example", {}, True),
        ("organization:fabrikam.example", {}, True),
        ("example", {"subdomains": True}, None),
        ("abrikam.example", {"subdomains": True}, False),
        ("contoso.fabrikam.example", {"subdomains": True}, False),
        ("max@fabrikam.example", {}, False),
    ],
)
def test_a_block_means_whom_it_names_and_nobody_else(
    cast: Cast, plan: Path, who: str, more: dict[str, Any], means: bool | None
) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:VIEW", offline_days=0)
    if means is None:
        problem(call(cast.ada, "contoso", "POST", "blocks", {"who": [who], **more}), 400, "invalid_policy")
        return
    block(cast, who, **more)
    assert rights(cast.max, sealed.path) == {"VIEW"}
    if means:
        assert refusal(cast.rita, sealed.path).reason == "not_granted"
    else:
        assert rights(cast.rita, sealed.path) == {"VIEW"}


@pytest.mark.parametrize("subdomains", [True, False])
def test_domains_below_are_meant_only_where_that_is_said(cast: Cast, plan: Path, *, subdomains: bool) -> None:
    person = cast.join(f"p{uuid4().hex[:6]}", "fabrikam")
    below = f"{uuid4().hex[:6]}@mail.north.fabrikam.example"
    with in_public():
        Address.objects.create(
            person_id=person.id, address=below, domain="mail.north.fabrikam.example", proven_by="code"
        )
    sealed = protect(cast.olga, plan, f"{person.address}:VIEW", offline_days=0)
    block(cast, "north.fabrikam.example", subdomains=subdomains)
    if subdomains:
        assert refusal(person, sealed.path).reason == "not_granted", "by any address of theirs"
    else:
        assert rights(person, sealed.path) == {"VIEW"}


def test_a_member_is_shut_out_of_everything_here_what_they_own_included(cast: Cast, plan: Path) -> None:
    person = cast.join(f"p{uuid4().hex[:6]}", "contoso", role="global_administrator")
    own = protect(person, plan, offline_days=0)
    site = Site(cast, {})
    browser, base = (site.browser(host, person) for host in ("contoso.localhost:8000", "localhost:8000"))
    assert enter(base, "contoso")[1].status_code == 302
    assert browser.get("/documents/").status_code == 200
    block(cast, person.address)
    assert refusal(person, own.path).reason == "not_granted"
    for path in ("documents", f"documents/{own.cid}", "blocks"):
        assert call(person, "contoso", "GET", path).status_code == 403
    assert call(person, "contoso", "GET", "feed").status_code == 200, "it hears what was withdrawn"
    assert browser.get("/documents/").status_code == 404
    _there, entered = enter(base, "contoso")
    assert "could not be completed" in entered.content.decode()
    assert enter(base, "fabrikam")[1].status_code == 302, "elsewhere they sign in"
    with pytest.raises(Refused):
        protect(person, plan)
    me = call(cast.ada, "contoso", "GET", "blocks").json()["results"][0]["id"]
    assert call(person, "contoso", "DELETE", f"blocks/{me}").status_code == 403


def test_nobody_blocks_themselves_or_their_own_organization(cast: Cast) -> None:
    person = cast.join(f"p{uuid4().hex[:6]}", "contoso", role="global_administrator")
    own = cast.organizations["contoso"]
    for who in (
        person.address,
        "contoso.example",
        "example.",
        f"organization:{own.id}",
        "everybody",
        "no address",
        "organization:nowhere.example",
    ):
        wanted = {"who": [MAX, who], "subdomains": True, "confirm": "2", "reason": "No"}
        assert call(person, "contoso", "POST", "blocks", wanted).status_code == 400, who
        assert not call(cast.ada, "contoso", "GET", "blocks").json()["results"], "all of them or none"


def test_an_administrator_who_is_blocked_meanwhile_changes_nothing(cast: Cast) -> None:
    """Two who block each other at the same moment would leave nobody."""
    person = cast.join(f"p{uuid4().hex[:6]}", "contoso", role="global_administrator")
    block(cast, person.address)
    actor = replace(ACTOR, person_id=person.id)
    contoso, names = cast.organizations["contoso"].id, (blocked_name("address", cast.ada.address),)
    with in_public(), pytest.raises(NotPermitted):
        service(organization_id=contoso, names=names, reason="Late", until=None, actor=actor)
    assert len(call(cast.ada, "contoso", "GET", "blocks").json()["results"]) == 1


def test_an_end_that_was_set_ends_the_block_by_itself(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    block(cast, RITA, until=int(time.time()) + 3600)
    assert refusal(cast.rita, sealed.path).reason == "not_granted"
    with in_public():
        Block.objects.of_installation().update(until=timezone.now() - timedelta(seconds=1))
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    assert call(cast.ada, "contoso", "GET", "blocks").json()["results"][0]["over"]
    block(cast, RITA)
    assert refusal(cast.rita, sealed.path).reason == "not_granted", "what is over hinders no new block"
    past = {"who": [MAX], "until": 1}
    problem(call(cast.ada, "contoso", "POST", "blocks", past), 400, "invalid_policy")


def test_what_a_blocked_person_keeps_ends_with_the_feed(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=3)
    rights(cast.rita, sealed.path)
    asked = problem(
        call(cast.ada, "contoso", "POST", "blocks", {"who": ["organization:fabrikam.example"]}),
        409,
        "confirmation_required",
    )
    assert "can be opened until" in " ".join(asked["consequences"])
    cast.rita.offline().open_stream(sealed.path, io.BytesIO())
    made = block(cast, "organization:fabrikam.example")
    assert made["latest_offline_moment"]
    cast.rita.session.organization(cast.organizations["contoso"].id).feed(newest=True)
    with pytest.raises(Unreachable):
        cast.rita.offline().open_stream(sealed.path, io.BytesIO())


def test_a_blocked_outsider_gets_no_code_and_nothing_tells_it(cast: Cast, plan: Path) -> None:
    jo, other = (f"{name}{uuid4().hex[:6]}@mailbox.example" for name in ("jo", "other"))
    asking = Outsider("nobody@mailbox.example")
    sealed = protect(cast.olga, plan, f"{jo}:VIEW", f"{other}:VIEW", offline_days=0).path
    block(cast, jo)
    asking.ask(sealed, other)  # What is remembered for seconds is read before.
    with in_public(), CaptureQueriesContext(connection) as first:
        answer = asking.ask(sealed, jo)
    with in_public(), CaptureQueriesContext(connection) as second:
        assert asking.ask(sealed, other).content == answer.content
    assert worked(first) == worked(second), "the time tells nothing"
    assert (len(mails(jo)), len(mails(other))) == (0, 2)


def worked(captured: CaptureQueriesContext) -> int:
    """Return how many statements did something; those that begin and end parts of a transaction do not count."""
    return len([one for one in captured if not {"SAVEPOINT", "search_path"} & set(one["sql"].split())])


def test_no_mail_of_the_organization_reaches_whom_it_blocks(cast: Cast) -> None:
    blocked, other = (f"g{uuid4().hex[:6]}@mailbox.example" for _ in range(2))
    block(cast, blocked)
    for address in (blocked, other):
        made = {"email": address, "name": "Guest", "guest": True}
        assert call(cast.ada, "contoso", "POST", "people", made).status_code in {200, 201}
    assert (len(mails(blocked)), len(mails(other))) == (0, 1)


def test_why_says_it_to_the_organization_alone(cast: Cast, plan: Path) -> None:
    shows_names(cast)
    contoso, guest = cast.organizations["contoso"], f"g{uuid4().hex[:6]}@guests.example"
    known = create_person(organization_id=contoso.id, address=guest, guest=True, name="", role="user", actor=ACTOR)
    sealed = protect(cast.olga, plan, f"{guest}:VIEW", offline_days=0)
    hidden = f"h{uuid4().hex[:6]}@hidden.example"
    with in_public():
        Address.objects.filter(person_id=known.id).update(proven_by="code")
        Address.objects.create(person_id=known.id, address=hidden, domain="hidden.example", proven_by="code")
    path = f"documents/{sealed.cid}/why?who={guest}"
    block(cast, hidden)
    reasons = {one["reason"] for one in call(cast.olga, "contoso", "GET", path).json()["blockers"]}
    assert "blocked" not in reasons, "nobody learns that two addresses are one person's"
    block(cast, "guests.example")
    reasons = {one["reason"] for one in call(cast.olga, "contoso", "GET", path).json()["blockers"]}
    assert "blocked" in reasons


def test_many_are_blocked_at_once_from_a_file_in_the_browser(cast: Cast) -> None:
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    names = "\n".join(["# Partners of before", *(f"m{number}@gone.example" for number in range(3)), "gone.example", ""])
    file = io.BytesIO(names.encode())
    file.name = "names.txt"
    asked = browser.post("/blocks/new/", {"who": "", "until": "", "file": file}).content.decode()
    assert "Block these 4 people, domains and organizations?" in asked
    stated = {"who": names, "until": "", "confirm": "4", "reason": "The project ended"}
    assert browser.post("/blocks/new/", stated).status_code == 302
    shown = browser.get("/blocks/?search=gone").content.decode()
    assert shown.count("The project ended") == 4
    assert "Nobody is blocked" in browser.get("/blocks/?search=nothing").content.decode()


def test_a_license_costs_one_statement_for_reading_with_blocks_too(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    with in_organization(cast.organizations["contoso"].id):
        assert is_activated()
    opening(cast.rita, sealed.path)
    Block.objects.of_installation().bulk_create(
        Block(
            organization_id=cast.organizations["contoso"].id,
            kind="address",
            value=f"p{number}@many.example",
            reason="Many",
        )
        for number in range(2_000)
    )
    assert rights(cast.rita, sealed.path) == {"VIEW"}
