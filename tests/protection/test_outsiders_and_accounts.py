"""Who an outsider is for the directory: the same person again, and whom an account of the same address goes on as."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tenants.context import in_public
from tenants.directory.models import Address, CodeSession, Person
from tenants.directory.services.create_person import create_person
from tenants.directory.services.outsiders import LAPSES_AFTER
from tenants.directory.services.prove_address import prove_address
from tenants.directory.services.remove_person import remove_person
from tests.cast import ACTOR, Cast
from tests.protection.outsider import Outsider, claims_of, license_of, mails, outsider, sealed_for
from tests.protection.steps import ledger, origin_of, problem, refusal, rights
from tests.protection.test_changed_hands import Domain

CONTOSO = origin_of("contoso")


@pytest.fixture(autouse=True)
def _mail_is_kept(settings: Any) -> None:
    settings.EMAIL_BACKEND = "portal.notifications.backend.NotificationBackend"


@pytest.fixture(autouse=True)
def _nobody_asked_before(cast: Cast) -> Iterator[None]:
    yield
    with in_public():
        CodeSession.objects.all().delete()


def test_whoever_signs_up_with_the_address_goes_on_with_the_identity(cast: Cast, plan: Path) -> None:
    jo = outsider("later")
    sealed = sealed_for(cast, plan, jo)
    jo.come_in(sealed)
    claims_of(jo.license(sealed, CONTOSO))
    answer = Outsider("x").browser.post(
        "/accounts/signup/",
        {"email": jo.address, "password1": "a planted passphrase 1"},
        headers={"Host": "localhost:8000"},
    )
    assert answer.status_code == 302
    with in_public():
        planted = Person.objects.get(email=jo.address)
        assert planted.id == jo.person
        prove_address(person_id=planted.id, address=jo.address, actor=ACTOR)
        planted.refresh_from_db()
        assert not planted.has_usable_password()
    assert jo.token(CONTOSO).status_code == 401
    rita = cast.enroll("later", jo.person, jo.address)
    assert [one["cid"] for one in rita.session.shared()] == [str(license_of(sealed).cid)]
    assert rights(rita, sealed) == {"VIEW"}
    jo.ask(sealed)
    assert "sign in" in mails(jo.address)[0].body


def test_an_account_that_proves_the_address_otherwise_is_somebody_else(cast: Cast, plan: Path) -> None:
    jo = outsider("two")
    opened, unopened = sealed_for(cast, plan, jo), sealed_for(cast, plan, jo)
    jo.come_in(opened)
    claims_of(jo.license(opened, CONTOSO))
    with in_public():
        other = Person.objects.create(email="main@elsewhere.example", name="Other")
        prove_address(person_id=other.id, address="main@elsewhere.example", actor=ACTOR)
        prove_address(person_id=other.id, address=jo.address, actor=ACTOR)
    problem(jo.license(unopened, CONTOSO), 403, "not_granted")
    player = cast.enroll("two", other.id, "main@elsewhere.example")
    for sealed in (opened, unopened):
        assert refusal(player, sealed).reason == "not_granted"


def test_a_year_without_a_code_parts_the_mailbox_from_the_person(cast: Cast, plan: Path) -> None:
    jo = outsider("year")
    opened, unopened = sealed_for(cast, plan, jo), sealed_for(cast, plan, jo)
    jo.come_in(opened)
    claims_of(jo.license(opened, CONTOSO))
    with in_public():
        Address.objects.filter(address=jo.address).update(coded_until=timezone.now() - LAPSES_AFTER)
    CodeSession.objects.all().delete()
    heir = outsider("year")
    heir.come_in(opened)
    assert heir.person != jo.person
    for sealed in (opened, unopened):
        problem(heir.license(sealed, CONTOSO), 403, "not_granted")


def test_a_hostile_organization_parts_nobody_from_their_codes(cast: Cast, plan: Path) -> None:
    jo = outsider("target")
    sealed, hostile = sealed_for(cast, plan, jo), cast.organizations["hostile"].id
    jo.come_in(sealed)
    claims_of(jo.license(sealed, CONTOSO))
    with in_public():
        invited = create_person(organization_id=hostile, address=jo.address, guest=True, actor=ACTOR)
        remove_person(organization_id=hostile, person_id=invited.id, reason="harm", actor=ACTOR)
        Address.objects.create(person_id=cast.mallory.id, address=jo.address, asserted_by_id=hostile, domain="x")
    again = outsider("target")
    again.come_in(sealed)
    assert again.person == jo.person
    claims_of(again.license(sealed, CONTOSO))


def test_the_owner_reads_that_the_mailbox_changed_hands(cast: Cast, plan: Path) -> None:
    jo = outsider("parted")
    opened, unopened = sealed_for(cast, plan, jo), sealed_for(cast, plan, jo)
    jo.come_in(opened)
    with in_public():
        Address.objects.filter(address=jo.address).update(coded_until=timezone.now() - LAPSES_AFTER)
    heir = outsider("parted")
    heir.come_in(opened)
    problem(heir.license(unopened, CONTOSO), 403, "not_granted")
    cid = license_of(unopened).cid
    (event, *_) = ledger(cast, "contoso", "content.opened", cid=cid, outcome="refused")
    assert event.reason == "address_changed_hands"


def test_a_company_that_proves_the_domain_later_goes_on_with_the_person(cast: Cast, plan: Path) -> None:
    domain = Domain(cast)
    nina = outsider("nina", domain.name)
    sealed = sealed_for(cast, plan, nina)
    nina.come_in(sealed)
    claims_of(nina.license(sealed, CONTOSO))
    domain.owned_by("fabrikam")
    problem(nina.license(sealed, CONTOSO), 403, "not_granted")
    member = domain.person("fabrikam")
    assert member.id == nina.person
    assert rights(member, sealed) == {"VIEW"}
    nina.ask(sealed)
    assert "sign in" in mails(nina.address)[0].body


def test_the_next_owner_of_a_domain_does_not_go_on_with_the_person(cast: Cast, plan: Path) -> None:
    domain = Domain(cast)
    domain.owned_by("fabrikam")
    domain.given_up_by("fabrikam")
    nina = outsider("nina", domain.name)
    sealed = sealed_for(cast, plan, nina)
    nina.come_in(sealed)
    claims_of(nina.license(sealed, CONTOSO))
    domain.owned_by("hostile")
    heir = domain.person("hostile")
    assert heir.id != nina.person
    assert refusal(heir, sealed).reason == "not_granted"


def test_requests_at_once_reach_no_further_than_one_after_the_other(cast: Cast, plan: Path) -> None:
    jo = outsider("parallel")
    sealed, statuses, together = sealed_for(cast, plan, jo), [], threading.Barrier(9)

    def ask() -> None:
        together.wait()
        statuses.append(Outsider(jo.address).ask(sealed).status_code)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [202] * 5 + [429] * 4
