"""Opening without an account: a mailed code, an hour, one tab; and what must not come of it (docs/protocol.md P22)."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.services.report import ingest
from chancery.cli.main import main
from chancery.objects import jws
from chancery.policy.policy import Conditions
from chancery.sdk.session import Session
from portal.usecases.caller import caller_at
from tenants.context import in_organization, in_public
from tenants.directory.models import Address, CodeSession, Device, Person
from tenants.directory.selectors.devices import devices_of
from tenants.directory.services.create_person import create_person
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.expire import expire
from tests.cast import ACTOR, BASE, Cast
from tests.isolation.endpoints import Site
from tests.protection.outsider import Outsider, claims_of, code_in, license_of, mails, outsider, sealed_for
from tests.protection.steps import call, confirmed, origin_of, problem, protect, watched

CONTOSO = origin_of("contoso")
HOUR = 3_600


@pytest.fixture(autouse=True)
def _mail_is_kept(settings: Any) -> None:
    """Write mail as the service does: a row that is gone when its transaction is."""
    settings.EMAIL_BACKEND = "portal.notifications.backend.NotificationBackend"


@pytest.fixture(autouse=True)
def _nobody_asked_before(cast: Cast) -> Iterator[None]:
    yield
    with in_public():
        CodeSession.objects.all().delete()


def test_a_code_opens_the_document_online_for_an_hour_at_most(cast: Cast, plan: Path) -> None:
    jo = outsider("jo")
    sealed = sealed_for(cast, plan, jo)
    since = watched(cast, "contoso", "content.opened")
    jo.come_in(sealed)
    license_ = claims_of(jo.license(sealed, CONTOSO))
    assert license_["rights"] == ["VIEW"]
    assert license_["offline_until"] <= license_["iat"]
    assert 0 < license_["exp"] - license_["iat"] <= HOUR
    assert license_["exp"] <= jo.entered["ends"]
    account = json.loads(jws.unb64(jo.certificate.split(".")[1]))
    assert account["exp"] <= jo.entered["ends"]
    (opened,) = since()
    assert opened.personal["outsider"] is True
    assert opened.personal["addresses"] == [jo.address]


def test_what_the_tab_reports_is_on_record(cast: Cast, plan: Path) -> None:
    jo = outsider("reports")
    sealed = sealed_for(cast, plan, jo, "VIEW,PRINT")
    jo.come_in(sealed)
    claims_of(jo.license(sealed, CONTOSO))
    since = watched(cast, "contoso", "content.reported")
    one = {"id": str(uuid4()), "cid": str(license_of(sealed).cid), "action": "printed", "at": int(time.time())}
    assert jo.call("POST", CONTOSO, "/api/v1/events", {"events": [one]}).status_code == 202
    with in_organization(cast.organizations["contoso"].id):
        ingest()
    (reported,) = since()
    assert (reported.details["action"], reported.personal["addresses"]) == ("printed", [jo.address])


def test_the_owner_sees_who_opened_it_by_code(cast: Cast, plan: Path) -> None:
    jo = outsider("seen")
    sealed = sealed_for(cast, plan, jo)
    jo.come_in(sealed)
    claims_of(jo.license(sealed, CONTOSO))
    cid = license_of(sealed).cid
    answer = call(cast.players["olga"], "contoso", "GET", f"documents/{cid}/recipients")
    (row,) = [one for one in json.loads(answer.content)["results"] if one["who"] == f"address:{jo.address}"]
    assert (row["by_code"], row["opened"], row["access"]) == (True, 1, "yes")
    events = json.loads(call(cast.players["olga"], "contoso", "GET", f"documents/{cid}/events").content)["results"]
    said = [one["sentence"] for one in events]
    assert any("by a mailed code, without an account" in one and jo.address in one for one in said)
    assert any(one.endswith(f" as {jo.address}.") and "asked for a code" in one for one in said)


def test_a_code_works_once_and_only_in_the_browser_that_asked(cast: Cast, plan: Path) -> None:
    jo, thief = outsider("once"), outsider("once")
    sealed = sealed_for(cast, plan, jo)
    jo.ask(sealed)
    code = code_in(mails(jo.address)[0])
    problem(thief.enter(code), 400, "wrong_code")
    assert jo.enter(code.lower().replace("-", " ")).status_code == 200
    problem(jo.enter(code), 400, "wrong_code")
    thief.entered = dict(jo.entered)
    problem(thief.token(BASE), 401, "unauthorized")


def test_of_two_requests_with_one_code_one_is_refused(cast: Cast, plan: Path) -> None:
    jo = outsider("race")
    jo.ask(sealed_for(cast, plan, jo))
    code, statuses = code_in(mails(jo.address)[0]), []
    together = threading.Barrier(6)

    def enter() -> None:
        other = Outsider(jo.address)
        other.browser.cookies = jo.browser.cookies
        together.wait()
        statuses.append(other.enter(code).status_code)
        connection.close()

    threads = [threading.Thread(target=enter) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [400] * 5
    with in_public():
        assert Address.objects.filter(address=jo.address).count() == 1


def test_a_code_ends_after_fifteen_minutes_and_after_five_wrong_ones(cast: Cast, plan: Path) -> None:
    late, guesser = outsider("late"), outsider("guesser")
    sealed = sealed_for(cast, plan, late)
    late.ask(sealed)
    with in_public():
        CodeSession.objects.filter(address=late.address).update(expires_at=timezone.now())
    problem(late.enter(code_in(mails(late.address)[0])), 400, "wrong_code")
    guesser.ask(sealed)
    since = watched(cast, "contoso", "code.refused")
    steps = [problem(guesser.enter("BBBB-BBBB"), 400, "wrong_code")["next_step"] for _ in range(5)]
    assert steps == ["Check the newest mail and enter it again."] * 4 + ["Ask for a new code."]
    assert len(since()) == 5
    problem(guesser.enter(code_in(mails(guesser.address)[0])), 400, "wrong_code")
    assert len(since()) == 5


def test_the_answer_is_the_same_whoever_the_address_belongs_to(cast: Cast, plan: Path) -> None:
    granted, blocked = outsider("granted"), outsider("blocked")
    sealed = sealed_for(cast, plan, granted)
    blocked.come_in(sealed)
    with in_public():
        Person.objects.filter(id=blocked.person).update(is_active=False)
    asking = outsider("nobody")
    known = ("rita@fabrikam.example", granted.address, blocked.address, "unheard@of.example", "max@contoso.example")
    answers = [asking.ask(sealed, address) for address in known]
    assert {(one.status_code, one.content) for one in answers} == {(202, b'{"minutes": 15}')}
    assert "sign in" in mails("rita@fabrikam.example")[0].body
    assert "sign in" in mails("max@contoso.example")[0].body
    assert code_in(mails(granted.address)[0])
    assert code_in(mails("unheard@of.example")[0])
    assert "this address is blocked" in mails(blocked.address)[0].body
    statements = []
    for address in known:
        with in_public(), CaptureQueriesContext(connection) as captured:
            asking.ask(sealed, address)
        statements.append(len(captured))
    assert len(set(statements)) == 1, statements


def test_the_mail_names_organization_and_time_and_warns(cast: Cast, plan: Path) -> None:
    jo = outsider("mail")
    jo.ask(sealed_for(cast, plan, jo))
    mail = mails(jo.address)[0]
    assert "Contoso" in mail.subject
    assert code_in(mail) not in mail.subject
    assert "Never pass this code on" in mail.body
    assert f"at {BASE}/open/" in mail.body
    assert "plan" not in mail.body


def test_the_same_mailbox_is_the_same_person_again_and_no_account(cast: Cast, plan: Path) -> None:
    jo = outsider("again")
    sealed = sealed_for(cast, plan, jo)
    jo.come_in(sealed)
    first, again = jo.person, outsider("again")
    again.come_in(sealed)
    assert again.person == first
    with in_public():
        person = Person.objects.get(id=first)
        assert (person.email, person.has_usable_password(), person.last_login) == ("", False, None)
    login = again.browser.post("/accounts/login/code/", {"email": jo.address}, headers={"Host": "localhost:8000"})
    assert login.status_code == 302
    assert "no account" in mails(jo.address)[0].body.casefold() or "sign up" in mails(jo.address)[0].body.casefold()


def test_revoking_the_address_or_the_person_works(cast: Cast, plan: Path) -> None:
    jo = outsider("revoked")
    sealed = sealed_for(cast, plan, jo)
    jo.come_in(sealed)
    claims_of(jo.license(sealed, CONTOSO))
    cid = license_of(sealed).cid
    call(cast.players["olga"], "contoso", "POST", f"documents/{cid}/revoke", {"recipient": jo.address})
    problem(jo.license(sealed, CONTOSO), 403, "revoked_for_you")
    again = outsider("revoked")
    again.come_in(sealed)
    problem(again.license(sealed, CONTOSO), 403, "revoked_for_you")


def test_an_outsider_gets_nothing_that_means_many(cast: Cast, plan: Path) -> None:
    jo = outsider("many")
    grants = ("authenticated:VIEW", f"domain:{jo.address.partition('@')[2]}:VIEW")
    sealed = protect(cast.players["olga"], plan, *grants).path
    jo.come_in(sealed)
    problem(jo.license(sealed, CONTOSO), 403, "not_granted")


def test_an_outsider_reaches_nothing_but_opening(cast: Cast, plan: Path) -> None:
    jo = outsider("reach")
    sealed = sealed_for(cast, plan, jo)
    jo.come_in(sealed)
    cid = license_of(sealed).cid
    for method, origin, path in (
        ("GET", BASE, "/api/v1/me"),
        ("GET", BASE, "/api/v1/devices"),
        ("POST", BASE, f"/api/v1/devices/{jo.device}/certificate"),
        ("GET", CONTOSO, "/api/v1/documents"),
        ("GET", CONTOSO, f"/api/v1/documents/{cid}"),
        ("GET", CONTOSO, "/api/v1/access-requests"),
        ("POST", CONTOSO, "/api/v1/publications"),
        ("POST", CONTOSO, "/api/v1/registrations"),
        ("POST", CONTOSO, "/api/v1/certificates"),
    ):
        answer = jo.call(method, origin, path, {} if method == "POST" else None)
        assert answer.status_code == 403, (path, answer.content)
    assert jo.call("POST", CONTOSO, "/api/v1/licenses/batch", {"items": []}).status_code == 401
    problem(jo.token(origin_of("fabrikam")), 422, "invalid_object")
    for page in ("/devices/", "/accounts/email/", "/protect/"):
        assert jo.browser.get(page, headers={"Host": "localhost:8000"}).status_code == 302


def test_after_the_hour_nothing_is_left(cast: Cast, plan: Path) -> None:
    jo = outsider("hour")
    sealed = sealed_for(cast, plan, jo)
    jo.come_in(sealed)
    with in_public():
        for model, rows in ((CodeSession, {"address": jo.address}), (Device, {"id": jo.device})):
            model.objects.filter(**rows).update(ends_at=timezone.now())  # type: ignore[attr-defined]
        Address.objects.filter(address=jo.address).update(coded_until=timezone.now())
    problem(jo.token(CONTOSO), 401, "unauthorized")
    with in_public():
        assert devices_of(jo.person) == ()
        expire()
        assert not Device.objects.filter(id=jo.device).exists()


def test_a_license_ends_with_the_hour_of_the_code(cast: Cast, plan: Path) -> None:
    jo = outsider("ending")
    sealed = sealed_for(cast, plan, jo)
    jo.come_in(sealed)
    soon = timezone.now() + timedelta(minutes=3)
    with in_public():
        Device.objects.filter(id=jo.device).update(ends_at=soon)
    assert claims_of(jo.license(sealed, CONTOSO))["exp"] == int(soon.timestamp())


def test_an_organization_or_a_document_can_ask_for_an_account(cast: Cast, plan: Path) -> None:
    jo, olga, ada = outsider("account"), cast.players["olga"], cast.players["ada"]
    closed = protect(olga, plan, f"{jo.address}:VIEW", conditions=Conditions(account_required=True)).path
    refused = problem(jo.ask(closed), 409, "account_required")
    assert "Sign in with an account" in refused["next_step"]
    open_ = sealed_for(cast, plan, jo)
    jo.come_in(open_)
    problem(jo.license(closed, CONTOSO), 403, "condition_unmet")
    claims_of(jo.license(open_, CONTOSO))
    since = watched(cast, "contoso", "settings.changed")
    assert call(ada, "contoso", "PATCH", "settings", {"account_required": True}).status_code == 200
    try:
        assert since()[0].details["settings"] == {"account_required": {"before": False, "after": True}}
        problem(jo.license(open_, CONTOSO), 403, "organization_condition")
        problem(outsider("other").ask(open_), 409, "account_required")
    finally:
        call(ada, "contoso", "PATCH", "settings", {"account_required": False})


def test_a_template_can_ask_for_an_account(cast: Cast, plan: Path) -> None:
    jo, ada = outsider("template"), cast.players["ada"]
    policy = {"grants": [{"who": f"address:{jo.address}", "rights": ["VIEW"]}]}
    made = json.loads(
        call(ada, "contoso", "POST", "templates", {"names": {"en": "Partners"}, "policy": policy}).content
    )
    assert call(ada, "contoso", "POST", f"templates/{made['id']}/publish").status_code == 200
    sealed = protect(cast.players["olga"], plan, template=made["id"]).path
    jo.come_in(sealed)
    claims_of(jo.license(sealed, CONTOSO))
    since = watched(cast, "contoso", "template.edited")
    changed = {"policy": {"conditions": {"account_required": True}}}
    answer = call(ada, "contoso", "PATCH", f"templates/{made['id']}", changed)
    if answer.status_code == 409:
        answer = confirmed(ada, "contoso", "PATCH", f"templates/{made['id']}", changed)
    assert answer.status_code == 200, answer.content
    assert since()
    problem(jo.license(sealed, CONTOSO), 403, "condition_unmet")
    problem(outsider("template2").ask(sealed), 409, "account_required")


def test_pages_commands_and_calls_set_the_same(cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = cast.players["ada"]
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(ada.session))

    def run(*words: str) -> str:
        done = CliRunner().invoke(main, ["--json", *words])
        assert done.exit_code == 0, done.output
        return str(done.stdout)

    run("settings", "--set", "account_required=true")
    browser = Site(cast, {}).browser("contoso.localhost:8000", ada)
    page = browser.get("/settings/").content.decode()
    assert re.search(r'<input[^>]*name="account_required"[^>]*checked', page)
    run("settings", "--set", "account_required=false")
    assert json.loads(call(ada, "contoso", "GET", "settings").content)["account_required"] is False
    sealed = protect(ada, plan, "jo@outside.example:VIEW").path
    cid = str(license_of(sealed).cid)
    for option, stored in (("--account-required", {"account_required": True}), ("--no-account-required", {})):
        run("change", cid, option, "--yes")
        kept = json.loads(call(ada, "contoso", "GET", f"documents/{cid}/policy").content)["policy"]
        assert kept["conditions"] == stored


def test_codes_that_were_entered_do_not_count_and_others_do_not_use_up_a_reader_s(cast: Cast, plan: Path) -> None:
    jo = outsider("reading-much")
    sealed = sealed_for(cast, plan, jo)
    for number in range(7):
        assert jo.ask(sealed).status_code == 202, number
        assert jo.enter(code_in(mails(jo.address)[0])).status_code == 200
    for number in range(5):
        assert Outsider(jo.address, ip=f"192.0.2.{number}").ask(sealed).status_code == 202
    problem(Outsider(jo.address, ip="192.0.2.99").ask(sealed), 429, "too_many_codes")
    for _ in range(5):
        assert jo.ask(sealed).status_code == 202
    problem(jo.ask(sealed), 429, "too_many_codes")


def test_codes_are_limited_by_address_document_and_network(cast: Cast, plan: Path) -> None:
    jo = outsider("limited")
    sealed = sealed_for(cast, plan, jo)
    for number in range(5):
        assert Outsider(jo.address, ip=f"192.0.2.{number}").ask(sealed).status_code == 202
    answer = Outsider(jo.address, ip="192.0.2.99").ask(sealed)
    limited = problem(answer, 429, "too_many_codes")
    assert limited["next_step"].startswith("Wait ")
    assert int(answer["Retry-After"]) > 3_000
    with in_public():
        CodeSession.objects.filter(address=jo.address).update(asked_at=F("asked_at") - timedelta(hours=1))
    assert jo.ask(sealed).status_code == 202
    fields = CodeSession.objects.filter(address=jo.address).values_list("organization_id", "content_id").first()
    assert fields is not None
    made = [
        CodeSession(
            browser="x", address=f"{n}@x.example", network="198.51.100.1", organization_id=fields[0],
            content_id=fields[1], code_hash="x", asked_at=timezone.now(), expires_at=timezone.now(),
        )
        for n in range(60)
    ]  # fmt: skip
    with in_public():
        CodeSession.objects.bulk_create(made[:30])
    other = protect(cast.players["olga"], plan, "x@x.example:VIEW").path
    problem(Outsider("new@x.example", ip="198.51.100.1").ask(other), 429, "too_many_codes")
    assert Outsider("new@x.example", ip="198.51.100.2").ask(other).status_code == 202
    with in_public():
        CodeSession.objects.bulk_create(made[30:])
    problem(Outsider("third@x.example", ip="198.51.100.3").ask(sealed), 429, "too_many_codes")


def test_a_ledger_is_not_filled_by_people_who_ask(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.players["olga"], plan, "x@x.example:VIEW").path
    since = watched(cast, "contoso", "code.asked")
    for number in range(14):
        Outsider(f"{number}@flood.example", ip=f"192.0.2.{number}").ask(sealed)
    recorded = since()
    assert len(recorded) == 10
    assert recorded[0].details["further"] is True
    unknown = {
        "organization": str(cast.organizations["contoso"].id),
        "document": "00000000-0000-8000-8000-000000000001",
    }
    asked = Outsider("a@b.example").page("/open/code/", {**unknown, "digest": "AAAA", "address": "a@b.example"})
    assert asked.status_code == 202
    assert len(since()) == 10


def test_who_is_disabled_where_they_were_invited_gets_no_code_there(cast: Cast, plan: Path) -> None:
    jo = outsider("guest")
    sealed = sealed_for(cast, plan, jo)
    contoso = cast.organizations["contoso"].id
    with in_public():
        guest = create_person(organization_id=contoso, address=jo.address, guest=True, actor=ACTOR)
    jo.come_in(sealed)
    assert jo.person == guest.id
    claims_of(jo.license(sealed, CONTOSO))
    with in_public():
        disable_person(organization_id=contoso, person_id=guest.id, reason="gone", actor=ACTOR)
    problem(jo.license(sealed, CONTOSO), 403, "person_disabled")
    assert outsider("guest").ask(sealed).status_code == 202
    assert "this address is blocked" in mails(jo.address)[0].body


def test_an_outsider_asks_for_access_and_gets_it(cast: Cast, plan: Path) -> None:
    jo, olga = outsider("asks"), cast.players["olga"]
    sealed = protect(olga, plan, "nobody@outside.example:VIEW").path
    jo.come_in(sealed)
    problem(jo.license(sealed, CONTOSO), 403, "not_granted")
    cid = license_of(sealed).cid
    why = json.loads(jo.call("GET", CONTOSO, f"/api/v1/documents/{cid}/why").content)
    assert (why["may_ask"], why["who"]) == (True, jo.address)
    asked = jo.call("POST", CONTOSO, f"/api/v1/documents/{cid}/access-requests", {"note": "I need it."})
    assert asked.status_code == 201, asked.content
    with in_public():
        Address.objects.filter(address=jo.address).update(coded_until=timezone.now())
    request = json.loads(call(olga, "contoso", "GET", "access-requests").content)["results"][0]
    answered = call(olga, "contoso", "POST", f"access-requests/{request['id']}/grant", {"level": "viewer"})
    assert answered.status_code == 200, answered.content
    again = outsider("asks")
    again.come_in(sealed)
    assert "VIEW" in claims_of(again.license(sealed, CONTOSO))["rights"]


def test_the_people_of_an_organization_see_no_outsider(cast: Cast, plan: Path) -> None:
    jo = outsider("unseen")
    jo.come_in(sealed_for(cast, plan, jo))
    found = json.loads(call(cast.players["ada"], "contoso", "GET", "people").content)["results"]
    assert str(jo.person) not in {one["id"] for one in found}
    with in_public():
        here = caller_at(
            cast.organizations["contoso"], Person.objects.get(id=jo.person), ip="192.0.2.1", source="pages"
        )
    assert (here.member, here.permissions, here.known_subject.outsider) == (False, frozenset(), True)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        "[" * 100_000,
        '{"address": "a@b.example"}',
        '"\\ud800"',
        '{"code": "\\u0000\\ud800"}',
        "\udcff",
        "{" * 9,
    ],
)
@pytest.mark.parametrize("path", ["/open/code/", "/open/code/enter/", "/open/code/token/"])
def test_malformed_requests_are_refused(cast: Cast, path: str, body: str) -> None:
    answer = Outsider("x").browser.post(
        path,
        body.encode(errors="surrogateescape"),
        content_type="application/json",
        headers={"Host": "localhost:8000"},
    )
    assert answer.status_code == 400, answer.content


@pytest.mark.parametrize(
    "address", ["", "x", "a@b", "a\u0000@b.example", "\ud800@b.example", "a@b.example\nBcc: c@d.example", "a" * 9_000]
)
def test_what_is_no_address_is_refused(cast: Cast, plan: Path, address: str) -> None:
    sealed = sealed_for(cast, plan, outsider("malformed"))
    assert outsider("malformed").ask(sealed, address).status_code == 400
