"""An administrator acts for a member: declared, for an hour, recorded with both names, and theirs to undo."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone

from protection.models import Acting
from tenants.context import in_organization
from tests.cast import Cast
from tests.isolation.endpoints import Site
from tests.protection.steps import MAX, RITA, call, confirmed, ledger, problem, protect, refusal, rights, watched

PATH = "acting"


@pytest.fixture(autouse=True)
def _ends(cast: Cast) -> Iterator[None]:
    yield
    call(cast.ada, "contoso", "DELETE", PATH)
    mail.outbox.clear()


def begin(cast: Cast, address: str, **body: Any) -> Any:
    return confirmed(cast.ada, "contoso", "POST", PATH, {"person": address, "reason": "On leave, called", **body})


def listed(cast: Cast) -> set[str]:
    return {one["cid"] for one in call(cast.ada, "contoso", "GET", "documents?scope=mine&limit=200").json()["results"]}


def test_an_administrator_acts_for_a_member_who_undoes_it_as_their_own(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:VIEW", offline_days=0)
    own = protect(cast.ada, plan, offline_days=0)
    came = watched(cast, "contoso", "acting.", "content.revoked")
    assert call(cast.ada, "contoso", "GET", PATH).json()["person"] is None
    assert begin(cast, cast.olga.address).status_code == 200
    (told,) = [one for one in mail.outbox if one.to == [cast.olga.address]]
    assert cast.ada.address in told.body
    assert "On leave, called" in told.body
    assert str(sealed.cid) in listed(cast)
    assert str(own.cid) not in listed(cast), "the list is hers"
    made = call(cast.ada, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": RITA})
    assert made.json()["changed"]
    assert refusal(cast.rita, sealed.path).reason == "revoked_for_you"
    (taken,) = [one for one in came() if one.kind == "content.revoked"]
    assert (taken.personal["addresses"], taken.personal["acting_for"]) == ([cast.ada.address], cast.olga.address)
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.olga).get(f"/documents/{sealed.cid}/")
    said = page.content.decode().replace("<wbr>", "")
    assert f"{cast.ada.address} (acting for {cast.olga.address}) took access" in said
    problem(
        call(cast.ada, "contoso", "POST", f"documents/{sealed.cid}/restore", {"recipient": RITA}),
        403,
        "widening_not_allowed",
    )
    given = call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/restore", {"recipient": RITA})
    assert given.json()["changed"], "hers to undo, though owners do not undo what administrators take"
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    assert call(cast.ada, "contoso", "DELETE", PATH).json()["changed"]
    assert not call(cast.ada, "contoso", "DELETE", PATH).json()["changed"]
    assert str(own.cid) in listed(cast)
    assert [one.kind for one in came()] == ["acting.ended", "content.revoked", "acting.began"]


def test_nobody_is_acted_for_whose_mail_could_not_be_written(cast: Cast, settings: Any) -> None:
    came = watched(cast, "contoso", "acting.")
    settings.EMAIL_BACKEND = "nowhere.at.all.EmailBackend"
    with pytest.raises(ModuleNotFoundError):
        begin(cast, cast.olga.address)
    assert call(cast.ada, "contoso", "GET", PATH).json()["person"] is None
    assert came() == []


def test_it_gives_nothing_that_the_role_does_not_give(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    assert call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": RITA}).json()["changed"]
    assert begin(cast, cast.olga.address).status_code == 200
    assert refusal(cast.ada, sealed.path).reason == "not_granted"
    restore = call(cast.ada, "contoso", "POST", f"documents/{sealed.cid}/restore", {"recipient": RITA})
    problem(restore, 403, "widening_not_allowed")
    theirs = protect(cast.max, plan, f"{RITA}:VIEW", offline_days=0)
    assert call(cast.ada, "contoso", "POST", f"documents/{theirs.cid}/revoke", {"recipient": RITA}).json()["changed"]
    problem(
        call(cast.max, "contoso", "POST", f"documents/{theirs.cid}/restore", {"recipient": RITA}),
        403,
        "widening_not_allowed",
    )


def test_only_administrators_act_and_only_for_members(cast: Cast) -> None:
    body = {"person": MAX, "reason": "Because", "confirm": MAX}
    for who in (cast.olga, cast.join(f"aud{uuid4().hex[:6]}", "contoso", role="auditor")):
        problem(call(who, "contoso", "POST", PATH, body), 403, "permission_denied")
    problem(call(cast.ada, "contoso", "POST", PATH, {"person": MAX, "confirm": MAX}), 409, "reason_required")
    problem(call(cast.ada, "contoso", "POST", PATH, {**body, "confirm": ""}), 409, "confirmation_required")
    myself = {"person": cast.ada.address, "reason": "Because", "confirm": cast.ada.address}
    problem(call(cast.ada, "contoso", "POST", PATH, myself), 409, "cannot_act_for")
    for nobody in (RITA, "nobody@contoso.example"):
        problem(call(cast.ada, "contoso", "POST", PATH, {**body, "person": nobody}), 404, "not_found")
    assert call(cast.ada, "contoso", "GET", PATH).json()["person"] is None
    assert not ledger(cast, "contoso", "acting.") or ledger(cast, "contoso", "acting.")[0].kind != "acting.began"


def test_acting_for_another_ends_acting_for_the_one_before(cast: Cast) -> None:
    came = watched(cast, "contoso", "acting.")
    for address in (cast.olga.address, MAX):
        assert begin(cast, address).status_code == 200
    assert [(one.kind, one.personal["recipient"]) for one in reversed(came())] == [
        ("acting.began", cast.olga.address),
        ("acting.ended", cast.olga.address),
        ("acting.began", MAX),
    ]
    assert "acting_for" not in came()[0].personal


def test_it_ends_by_itself_and_every_page_says_it_meanwhile(cast: Cast) -> None:
    site = Site(cast, {})
    ada = site.browser("contoso.localhost:8000", cast.ada)
    person = f"/people/{cast.max.id}/"
    assert "Act for them" in ada.get(person).content.decode()
    question = ada.post(f"{person}acting/")
    assert "For one hour" in question.content.decode()
    done = ada.post(f"{person}acting/", {"confirm": MAX, "reason": "Called"})
    assert (done.status_code, done["Location"]) == (302, "/documents/")
    for path in ("/", "/documents/", "/audit/"):
        assert 'id="acting"' in ada.get(path).content.decode()
    with in_organization(cast.organizations["contoso"].id):
        Acting.objects.update(until=timezone.now())
    assert 'id="acting"' not in ada.get("/").content.decode()
    assert call(cast.ada, "contoso", "GET", PATH).json()["person"] is None
