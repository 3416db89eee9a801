"""A person's own addresses: added by a mailed code, told at all of them, and gone for every policy when removed."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connections
from django.http import HttpResponse

from portal import clock
from tenants.directory.models import AddressCode, PendingRevocation
from tenants.directory.selectors.people import holder_of
from tenants.directory.services.add_address import add_address
from tenants.directory.services.create_group import create_group
from tests.cast import ACTOR, BASE, Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import ledger, problem, protect, refusal, rights, send

PATH = "/api/v1/me/addresses"


@pytest.fixture(autouse=True)
def _empty_outbox() -> None:
    mail.outbox.clear()


@pytest.fixture
def nina(cast: Cast) -> Player:
    """Return a new member of Contoso, so that limits and addresses are whole."""
    return cast.join(f"nina{uuid4().hex[:8]}", "contoso")


def home() -> str:
    return f"nina{uuid4().hex[:8]}@home.example"


def act(player: Player, what: str, **body: Any) -> HttpResponse:
    return send(player, BASE, "POST", f"{PATH}{what}", body)


def mailed_code() -> str:
    found = re.search(r"^([2-9B-Z]{4}-[2-9B-Z]{4})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found is not None
    return found.group(1)


def added(player: Player, address: str) -> str:
    assert act(player, "", address=address).status_code == 202
    assert act(player, "/confirm", address=address, code=mailed_code()).status_code == 200
    return address


def listed(player: Player) -> dict[str, dict[str, Any]]:
    found = send(player, BASE, "GET", PATH).json()["results"]
    return {one["address"]: one for one in found}


def test_an_address_counts_from_the_code_to_its_removal(cast: Cast, nina: Player, plan: Path) -> None:
    address = home()
    sealed = protect(cast.olga, plan, f"{address}:VIEW", offline_days=0)
    assert act(nina, "", address=address.upper()).json()["changed"]
    assert listed(nina)[address]["code_until"]
    assert refusal(nina, sealed.path).reason == "not_granted"
    code = mailed_code()
    assert act(nina, "/confirm", address=address, code=code.lower().replace("-", "")).json()["changed"]
    (told,) = [one for one in mail.outbox if one.to == [nina.address] and "addresses" in one.subject]
    assert address in told.body
    mine = listed(nina)[address]
    assert (mine["proven_by"], mine["signs_in"], mine["organization"]) == ("person", True, "")
    assert rights(nina, sealed.path) == {"VIEW"}
    problem(act(nina, "/confirm", address=address, code=code), 400, "wrong_code")
    asked = problem(act(nina, "/remove", address=address), 409, "confirmation_required")
    mail.outbox.clear()
    before = PendingRevocation.objects.count()
    assert act(nina, "/remove", address=address, confirm=asked["confirm"]).status_code == 200
    assert {one.to[0] for one in mail.outbox} == {nina.address, address}, "the one that goes is told too"
    assert PendingRevocation.objects.count() > before, "kept licenses are withdrawn with the next feed"
    assert refusal(nina, sealed.path).reason == "not_granted"
    removed, proven = (ledger(cast, "contoso", f"address.{kind}")[0] for kind in ("removed", "proven"))
    assert proven.personal["addresses"] == removed.personal["addresses"] == [address]
    (change,) = removed.personal["changes"]
    assert (set(change["before"].split(", ")), change["after"]) == ({address, nina.address}, nina.address)


def test_what_is_granted_to_the_person_stays_theirs_under_another_main_address(
    cast: Cast, nina: Player, plan: Path
) -> None:
    address = added(nina, home())
    sealed = protect(cast.olga, plan, f"{nina.address}:VIEW", offline_days=0)
    assert act(nina, "/main", address=address).json()["changed"]
    assert not act(nina, "/main", address=address).json()["changed"]
    assert listed(nina)[address]["main"]
    assert send(nina, BASE, "GET", "/api/v1/me").json()["email"] == address
    assert rights(nina, sealed.path) == {"VIEW"}
    (event, *_) = ledger(cast, "contoso", "address.made_main")
    assert event.personal["changes"] == [{"member": "email", "before": nina.address, "after": address}]
    said = Site(cast, {}).browser("contoso.localhost:8000", cast.ada).get("/audit/").content.decode()
    assert f"made {address} their main address" in said.replace("<wbr>", "")


def test_asking_tells_nothing_of_an_address_and_the_mail_does(cast: Cast, nina: Player) -> None:
    free, group = home(), f"team{uuid4().hex[:6]}@contoso.example"
    create_group(organization_id=cast.organizations["contoso"].id, address=group, name="Team", members=[], actor=ACTOR)
    answers = {}
    for address in (free, cast.rita.address, group):
        answer = act(nina, "", address=address)
        answers[address] = (answer.status_code, answer.content.decode().replace(address, "X"))
        assert mail.outbox[-1].to == [address]
    assert len(set(answers.values())) == 1
    assert {one for one in listed(nina) if listed(nina)[one]["code_until"]} == set(answers)
    taken = {one.to[0] for one in mail.outbox if "belongs to another account or to a group" in one.body}
    assert taken == {cast.rita.address, group}, "a code in the mail would let its reader take the address over"
    for address in (cast.rita.address, group):
        problem(act(nina, "/confirm", address=address, code="BCDF-GHJK"), 400, "wrong_code")
    assert holder_of(cast.rita.address) == cast.rita.id


def test_a_code_is_one_person_s_and_five_guesses_end_it(cast: Cast, nina: Player) -> None:
    address = home()
    act(nina, "", address=address)
    code = mailed_code()
    problem(act(cast.olga, "/confirm", address=address, code=code), 400, "wrong_code")
    for _ in range(5):
        problem(act(nina, "/confirm", address=address, code="2222-2222"), 400, "wrong_code")
    problem(act(nina, "/confirm", address=address, code=code), 400, "wrong_code")
    act(nina, "", address=address)
    later = mailed_code()
    act(nina, "", address=address)
    problem(act(nina, "/confirm", address=address, code=later), 400, "wrong_code")
    AddressCode.objects.filter(person_id=nina.id).update(expires_at="2020-01-01T00:00:00Z")
    problem(act(nina, "/confirm", address=address, code=mailed_code()), 400, "wrong_code")
    assert holder_of(address) is None


def test_codes_are_few_for_an_address_and_for_a_person(cast: Cast, nina: Player) -> None:
    address = home()
    for _ in range(5):
        assert act(nina, "", address=address).status_code == 202
    number = len(mail.outbox)
    refused = act(nina, "", address=address)
    problem(refused, 429, "too_many_codes")
    assert 0 < int(refused["Retry-After"]) <= 3600
    problem(act(cast.max, "", address=address), 429, "too_many_codes")
    for _ in range(5):
        assert act(nina, "", address=home()).status_code == 202
    problem(act(nina, "", address=home()), 429, "too_many_codes")
    assert len(mail.outbox) == number + 5


def test_of_two_who_prove_one_address_at_once_one_has_it(cast: Cast, nina: Player) -> None:
    address, codes = home(), {}
    for player in (nina, cast.max):
        act(player, "", address=address)
        codes[player.address] = mailed_code()

    def confirmed(player: Player) -> tuple[int, str]:
        try:
            answer = act(player, "/confirm", address=address, code=codes[player.address])
            return answer.status_code, answer.json().get("detail", player.address)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        (_, winner), (_, refused) = sorted(pool.map(confirmed, (nina, cast.max)))
    assert refused == f"{address} is proven by another person."
    assert holder_of(address) == {one.address: one.id for one in (nina, cast.max)}[winner]
    with ThreadPoolExecutor(2) as pool:
        again = home()
        act(nina, "", address=again)
        address, codes = again, {nina.address: mailed_code()}
        assert sorted(status for status, _ in pool.map(confirmed, (nina, nina))) == [200, 400], "a code counts once"


def test_what_cannot_be_changed_says_why(cast: Cast, nina: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    managed = problem(act(nina, "/remove", address=nina.address), 400, "refused_by_directory")
    assert "Its administrators can take it away" in managed["detail"]
    problem(act(nina, "/remove", address=home()), 404, "refused_by_directory")
    problem(act(nina, "/main", address=cast.rita.address), 404, "refused_by_directory")
    alias = f"alias{uuid4().hex[:8]}@contoso.example"
    contoso = cast.organizations["contoso"].id
    assert add_address(organization_id=contoso, person_id=nina.id, address=alias, actor=ACTOR)
    problem(act(nina, "/main", address=alias), 400, "refused_by_directory")
    mail.outbox.clear()
    again = act(nina, "", address=nina.address).json()
    assert (again["changed"], mail.outbox) == (False, [])
    problem(act(nina, "", address="not an address"), 400, "invalid")
    own, now = added(nina, home()), clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 700)
    for what, more in (("", {}), ("/confirm", {"code": "X"}), ("/remove", {"confirm": own}), ("/main", {})):
        problem(act(nina, what, address=own, **more), 403, "fresh_sign_in_required")


def test_the_page_adds_an_address_and_says_whose_it_is(cast: Cast, nina: Player) -> None:
    browser = Site(cast, {}).browser("localhost:8000", nina)
    address = home()
    browser.post("/accounts/email/", {"action_add": "", "email": address})
    page = browser.get("/accounts/email/").content.decode()
    assert "Yours as long as Contoso is your organization" in page
    assert "Code from the mail" in page
    wrong = browser.post("/accounts/email/", {"action_confirm": "", "email": address, "code": "X"})
    assert "This code is not right" in wrong.content.decode()
    browser.post("/accounts/email/", {"action_confirm": "", "email": address, "code": mailed_code()})
    assert holder_of(address) == nina.id
    asked = browser.post("/accounts/email/", {"action_remove": "", "email": address}).content.decode()
    assert "You no longer sign in with it" in asked
    assert holder_of(address) == nina.id
    browser.post("/accounts/email/", {"action_remove": "", "email": address, "confirm": address})
    assert holder_of(address) is None
