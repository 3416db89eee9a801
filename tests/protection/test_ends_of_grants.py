"""A grant that ends by itself: for one recipient alone, in documents and templates, and in every interface alike."""

import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chancery.objects.batch import Refusal
from chancery.objects.use import UseLicense
from chancery.policy.policy import Grant, Principal
from chancery.policy.rights import LEVELS, Right
from chancery.sdk.options import ProtectOptions
from tests.cast import Cast
from tests.isolation.endpoints import Site
from tests.protection.asking import DAY, HOUR, ask, command, document, end_what_was_given, grant, why_me
from tests.protection.steps import MAX, RITA, call, confirmed, ledger, objects, opening, protect, refusal, rights
from tests.protection.test_service import batch


def to(address: str, rights: str, until: int) -> Any:
    """Return a grant with an end, as programs state it."""
    return Grant(Principal.of_address(address), frozenset(Right(one) for one in rights.split(",")), until)


def grants(cast: Cast, cid: UUID) -> dict[str, Any]:
    found = call(cast.olga, "contoso", "GET", f"documents/{cid}/policy").json()["grants"]
    return {one["who"].removeprefix("address:"): one.get("until") for one in found}


def test_access_ends_for_one_recipient_and_the_next_edition_gets_a_new_key(cast: Cast, plan: Path) -> None:
    until = int(time.time()) + HOUR
    sealed = protect(cast.olga, plan, to(RITA, "VIEW,PRINT", until), f"{MAX}:VIEW,EDIT", offline_days=0)
    kept = protect(cast.olga, plan, to(RITA, "VIEW", until))
    assert opening(cast.rita, kept.path).offline_until == until
    assert not opening(cast.max, sealed.path).rekey
    assert opening(cast.rita, sealed.path).source == "service"

    end_what_was_given(cast, sealed.cid)
    refused = refusal(cast.rita, sealed.path)
    assert (refused.reason, "has ended" in refused.message) == ("grant_ended", True)
    assert opening(cast.max, sealed.path).rekey, "somebody who knows the key has lost access"
    license_, refusal_ = batch(cast, [objects(kept.path), objects(sealed.path)]).results
    assert isinstance(license_, UseLicense)
    assert (license_.exp, license_.offline_until) == (until, until)
    assert isinstance(refusal_, Refusal)
    assert refusal_.reason == "grant_ended"

    mine = why_me(cast.rita, sealed.cid).json()
    assert (mine["had"], mine["may_ask"]) == (["VIEW", "PRINT"], True)
    assert mine["had_until"] < time.time()
    rows = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/recipients").json()["results"]
    row = next(one for one in rows if one["who"] == f"address:{RITA}")
    assert (row["access"], row["reason"]) == ("no", "grant_ended")
    assert "ended on" in row["message"]
    assert (row["rights"], row["until"]) == (["VIEW", "PRINT"], row["ended_at"])
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.rita).get(f"/documents/{sealed.cid}/access/")
    assert "you had: read, print" in page.content.decode()
    assert grant(cast.olga, str(ask(cast.rita, sealed.cid).json()["id"]), until=until).json()["ends"] == until
    assert opening(cast.rita, sealed.path).rights


def test_an_end_is_shown_also_where_another_entry_may_mean_them(cast: Cast, plan: Path) -> None:
    grants = (to(RITA, "VIEW", int(time.time()) - HOUR), "domain:partner.example:VIEW")
    sealed = protect(cast.olga, plan, *grants)
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.olga)
    page = browser.get(f"/documents/{sealed.cid}/").content.decode()
    assert "What they were given ended on" in page
    assert "An entry may mean them by another organization" in page
    assert "for some recipients on a day of their own" in page


def test_a_denied_person_does_not_read_that_they_had_access(cast: Cast, plan: Path) -> None:
    ended = to(RITA, "VIEW", int(time.time()) - HOUR)
    sealed = protect(cast.olga, plan, ended, deny=("domain:fabrikam.example",))
    assert refusal(cast.rita, sealed.path).reason == "not_granted"
    mine = why_me(cast.rita, sealed.cid).json()
    assert ([one["reason"] for one in mine["reasons"]], mine["had_until"]) == (["not_granted"], None)


def test_a_template_s_grant_ends_too_and_its_history_says_when(cast: Cast, plan: Path) -> None:
    now = int(time.time())
    until = now + DAY
    policy = {"grants": [{"who": RITA, "rights": ["VIEW"], "until": until}]}
    made = call(cast.ada, "contoso", "POST", "templates", {"names": {"en": f"Ends {now}"}, "policy": policy}).json()
    call(cast.ada, "contoso", "POST", f"templates/{made['id']}/publish")
    target = plan.with_name("by-template.sealed")
    sealed = cast.olga.session.protect(plan, ProtectOptions(template=made["id"]), target=target)
    assert opening(cast.rita, sealed.path).offline_until == until
    path = f"templates/{made['id']}"
    patch = {"policy": {"grants": {RITA: {"rights": ["VIEW"], "until": now - HOUR}}}}
    assert confirmed(cast.ada, "contoso", "PATCH", path, patch).status_code == 200
    fresh = cast.enroll("rita-fresh", cast.rita.id, cast.rita.address)
    assert refusal(fresh, sealed.path).reason == "grant_ended"
    newest = call(cast.ada, "contoso", "GET", f"{path}/versions").json()["results"][0]["changes"]
    assert [one["after"] for one in newest] == [{"rights": ["VIEW"], "until": now - HOUR}]
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.ada).get(f"/templates/{made['id']}/history/")
    assert f"{RITA}: may read until" in page.content.decode()


def test_administrators_shorten_and_do_not_extend(cast: Cast, plan: Path) -> None:
    until = int(time.time()) + HOUR
    sealed = protect(cast.olga, plan, to(RITA, "VIEW", until))
    path = f"documents/{sealed.cid}/policy"

    def put(end: int) -> int:
        body = {"policy": {"grants": [{"who": RITA, "rights": ["VIEW"], "until": end}]}}
        return call(cast.ada, "contoso", "PUT", path, body).status_code

    assert (put(until + 1), put(until - 1)) == (403, 200)
    event = ledger(cast, "contoso", "content.changed", cid=sealed.cid)[0]
    assert event.personal["changes"][0]["after"] == {"rights": ["VIEW"], "until": until - 1}


def test_pages_and_commands_take_the_same_words(cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW")
    browser, path = Site(cast, {}).browser("contoso.localhost:8000", cast.olga), f"/documents/{sealed.cid}/change/"
    words = f"{RITA}: viewer until 2098-12-31"
    assert browser.post(path, {"grants": f"{words}\n{MAX}: viewer"}).status_code == 302
    by_page = grants(cast, sealed.cid)
    changed = command(cast.olga, monkeypatch, "change", str(sealed.path), "--grant", words).output
    assert f"{RITA} until 2099-01-01 00:00" in changed
    assert "viewer until 2099-01-01 00:00" in command(cast.olga, monkeypatch, "policy", str(sealed.path)).output
    assert "until 2099-01-01" in command(cast.olga, monkeypatch, "why", str(sealed.path), "--who", RITA).output
    monkeypatch.undo()
    assert grants(cast, sealed.cid) == by_page
    assert words in browser.get(path).content.decode()

    exact = by_page[RITA] - 7 * HOUR
    body = {"policy": {"grants": [{"who": RITA, "rights": ["VIEW"], "until": exact}]}}
    call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", body)
    assert browser.post(path, {"grants": f"{RITA}: reviewer until 2098-12-31"}).status_code == 302
    assert grants(cast, sealed.cid) == {RITA: exact}, "the day that was shown is the moment that was stored"
    for wrong, problem in (("2001-01-01", "has passed already"), ("soon", "write the last day like")):
        assert problem in browser.post(path, {"grants": f"{RITA}: viewer until {wrong}"}).content.decode()
    assert set(document(cast.olga, sealed.cid)["grants"][0]["rights"]) == {str(one) for one in LEVELS["reviewer"]}
    assert rights(cast.rita, sealed.path) == {str(one) for one in LEVELS["reviewer"]}
