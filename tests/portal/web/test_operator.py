"""The operators' console: whom it exists for, what it shows, and that every act is in the operators' record."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from uuid import UUID, uuid4

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from portal import clock
from portal.identity.second_factors import has_second_factor
from portal.management.demo import DEMO
from portal.middleware import SESSION_HOST
from portal.models import Notification
from portal.notifications import outbox
from portal.notifications.mails import write_mail
from portal.usecases.operators import operator_here
from portal.version import VERSION
from tenants import roles
from tenants.directory.models import Address, Operator, Person
from tenants.directory.services.claim_domain import claim_domain
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.prove_domain import prove_domain
from tenants.directory.services.release_domain import release_domain
from tenants.events import OperatorKind
from tenants.organizations.models import OperatorRecord
from tenants.organizations.selectors import forget_hosts, organization_by_slug
from tenants.organizations.services.record_operator import record_operator
from tests.cast import ACTOR, Cast
from tests.isolation.endpoints import BACKEND
from tests.portal.identity.browser import Browser
from tests.tenants import builders

pytestmark = pytest.mark.django_db
NINA = "nina@contoso.example"
PAGES = ("/operator/", "/operator/mail/", "/operator/record/", "/operator/health/")


@pytest.fixture(autouse=True)
def forget(settings: Settings) -> Iterator[None]:
    settings.EMAIL_BACKEND = "portal.notifications.backend.NotificationBackend"
    forget_hosts()
    cache.clear()
    yield
    forget_hosts()
    cache.clear()


@pytest.fixture
def nina() -> UUID:
    """Return a member of Contoso who has an authenticator app and is no operator yet."""
    home = builders.organization("contoso", "contoso.example")
    person = builders.person(home.id, NINA, name="Nina Neumann").id
    Authenticator.objects.create(user_id=person, type=Authenticator.Type.TOTP, data={"secret": "sealed:"})
    return person


def signed_in(person: UUID, *, method: str = "totp", ago: int = 0) -> Browser:
    """Return a browser in which the person signed in with a mailed code and then by this method, seconds ago."""
    browser = Browser()
    browser.force_login(Person.objects.get(id=person), backend=BACKEND)
    session = browser.session
    session[SESSION_HOST] = browser.host.partition(":")[0]
    steps = [{"method": "code", "at": clock.now() - ago}]
    if method:
        steps.append({"method": "mfa", "type": method, "at": clock.now() - ago})
    session[AUTHENTICATION_METHODS_SESSION_KEY] = steps
    session.save()
    return browser


def run(*words: str) -> str:
    said = StringIO()
    call_command(*words, stdout=said)
    return said.getvalue()


def unsent_mail(address: str) -> UUID:
    """Write a mail that failed for good."""
    write_mail(address, "Your code", "ABC-DEF")
    row, now = Notification.objects.latest("created_at"), timezone.now()
    Notification.objects.filter(pk=row.pk).update(
        sent_at=None, failed_at=now, attempts=9, reason="550 no such mailbox", created_at=now - timedelta(days=1)
    )
    return row.pk


def test_the_console_exists_for_operators_alone(nina: UUID) -> None:
    browser = signed_in(nina)
    assert {browser.get(page).status_code for page in PAGES} == {404}
    assert b"/operator/" not in browser.get("/").content
    run("operators", "add", NINA)
    assert [browser.get(page).status_code for page in PAGES] == [200] * 4
    assert b"/operator/" in browser.get("/").content
    assert NINA in run("operators", "list")
    run("operators", "remove", NINA)
    assert {browser.get(page).status_code for page in PAGES} == {404}
    assert run("operators", "list").startswith("There are no operators yet.")


def test_a_mailed_code_alone_is_not_enough(nina: UUID) -> None:
    run("operators", "add", NINA)
    assert signed_in(nina, method="webauthn").get("/operator/mail/").status_code == 200
    answer = signed_in(nina, method="").get("/operator/mail/")
    assert answer["Location"] == "/accounts/login/?next=%2Foperator%2Fmail%2F"
    Authenticator.objects.filter(user_id=nina).delete()
    answer = signed_in(nina, method="").get("/operator/mail/")
    assert answer.status_code == 403
    assert b"Set up a second factor" in answer.content


def test_after_ten_minutes_the_console_asks_for_a_sign_in(nina: UUID) -> None:
    run("operators", "add", NINA)
    message = unsent_mail("rita@fabrikam.example")
    assert signed_in(nina, ago=599).get("/operator/").status_code == 200
    old = signed_in(nina, ago=601)
    assert old.get("/operator/")["Location"] == "/accounts/login/?next=%2Foperator%2F"
    old = signed_in(nina, ago=601)
    old.post(f"/operator/mail/{message}/drop/", {"confirm": str(message)})
    assert outbox.one_unsent(message) is not None


def test_only_who_has_proven_the_address_and_set_up_a_second_factor_becomes_an_operator(nina: UUID) -> None:
    with pytest.raises(CommandError, match="is not proven"):
        run("operators", "add", "nobody@contoso.example")
    Authenticator.objects.filter(user_id=nina).delete()
    with pytest.raises(CommandError, match="no second factor"):
        run("operators", "add", NINA)
    with pytest.raises(CommandError, match="not the address of an operator"):
        run("operators", "remove", NINA)
    assert not Operator.objects.exists()


def test_an_operator_whose_address_is_not_theirs_any_more_is_none(nina: UUID) -> None:
    run("operators", "add", NINA)
    assert operator_here(nina) is not None
    Address.objects.filter(person_id=nina).update(proven_by="")
    assert operator_here(nina) is None
    assert "no access" in run("operators", "list")


def test_an_operator_whom_their_organization_disabled_is_none(nina: UUID) -> None:
    run("operators", "add", NINA)
    home = organization_by_slug("contoso")
    assert home is not None
    disable_person(organization_id=home.id, person_id=nina, reason="left", actor=ACTOR)
    assert operator_here(nina) is None


def test_an_organization_cannot_make_its_way_into_an_operator_s_account(nina: UUID) -> None:
    """It reads the mail of its domain; giving that up and proving it again ends second factors, and the operator's."""
    run("operators", "add", NINA)
    home = organization_by_slug("contoso")
    assert home is not None
    release_domain(organization_id=home.id, domain="contoso.example", actor=ACTOR)
    text = claim_domain(organization_id=home.id, domain="contoso.example", actor=ACTOR)
    prove_domain(organization_id=home.id, domain="contoso.example", text_records=lambda _: [text], actor=ACTOR)
    assert not has_second_factor(nina), "who reads a mailed code signs in, and sets up one of their own"
    assert operator_here(nina) is None
    assert "Operator removed" in run("operator_record")


def test_the_web_cannot_make_an_operator(nina: UUID) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(roles.GRANT_SHARED)
            cursor.execute("SET LOCAL ROLE chancery_app")
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            Operator.objects.create(person_id=nina, address=NINA)


def test_mail_is_sent_again_and_dropped_after_a_question(nina: UUID) -> None:
    run("operators", "add", NINA)
    browser = signed_in(nina)
    first, second = unsent_mail("rita@fabrikam.example"), unsent_mail("jonas@fabrikam.example")
    listed = browser.get("/operator/mail/").content.decode()
    assert "rita@fabrikam.example" in listed
    assert "550 no such mailbox" in listed
    assert "Your code" not in listed
    assert "ABC-DEF" not in listed
    browser.post(f"/operator/mail/{first}/retry/")
    assert Notification.objects.get(pk=first).failed_at is None
    asked = browser.get(f"/operator/mail/{second}/drop/").content.decode()
    assert "It is deleted and never sent." in asked
    assert outbox.one_unsent(second) is not None
    browser.post(f"/operator/mail/{second}/drop/", {"confirm": str(second)})
    assert outbox.one_unsent(second) is None
    assert browser.get(f"/operator/mail/{second}/drop/").status_code == 404
    browser.post("/operator/mail/retry/")
    recorded = OperatorRecord.objects.filter(kind__startswith="mail.").order_by("at")
    assert [(row.kind, row.details["messages"]) for row in recorded] == [
        ("mail.retried", [str(first)]),
        ("mail.dropped", [str(second)]),
        ("mail.retried", [str(first)]),
    ]
    assert {(row.actor, row.details["person"]) for row in recorded} == {("Nina Neumann", str(nina))}
    assert "fabrikam" not in str([row.details for row in recorded])


def test_what_was_not_there_is_not_recorded(nina: UUID) -> None:
    run("operators", "add", NINA)
    browser = signed_in(nina)
    browser.post(f"/operator/mail/{uuid4()}/retry/")
    assert b"was sent or dropped" in browser.get("/operator/mail/").content
    assert not OperatorRecord.objects.filter(kind__startswith="mail.").exists()


def test_the_record_says_who_did_what_on_the_page_and_at_the_command_line(nina: UUID) -> None:
    run("operators", "add", NINA)
    run("suspend_organization", "contoso", "--reason", "unpaid", "--yes")
    run("resume_organization", "contoso", "--reason", "paid")
    run("create_person", "--organization", "contoso", "rita@contoso.example")
    page = signed_in(nina).get("/operator/record/").content.decode()
    said = run("operator_record")
    for text in (page, said):
        for shown in ("Operator added", NINA, "Organization suspended", "unpaid", "Person added", "rita@contoso"):
            assert shown in text
    assert "Operator added" not in run("operator_record", "--organization", "contoso")
    assert len(run("operator_record", "--limit", "1").splitlines()) == 1


def test_organizations_are_listed_with_their_size(empty_cast: Cast) -> None:
    empty_cast.found("contoso", "ada")
    ada = empty_cast.ada.id
    Authenticator.objects.create(user_id=ada, type=Authenticator.Type.TOTP, data={"secret": "sealed:"})
    run("operators", "add", "ada@contoso.example")
    browser = signed_in(ada)
    page = browser.get("/operator/").content.decode()
    assert "contoso.localhost" in page
    assert "contoso  active  contoso.localhost  1 person  0 documents" in run("organizations")


def test_the_record_and_health_name_what_a_reader_knows(nina: UUID) -> None:
    with transaction.atomic():
        record_operator(kind=OperatorKind.MAIL_RETRIED, actor=DEMO)
    run("operators", "add", NINA)
    browser = signed_in(nina)
    assert "The first start of the service" in browser.get("/operator/record/").content.decode()
    assert f"Version: {VERSION}" in browser.get("/operator/health/").content.decode()


def test_the_record_costs_the_same_however_long_it_is(nina: UUID) -> None:
    run("operators", "add", NINA)
    browser = signed_in(nina)
    browser.get("/operator/record/")
    with CaptureQueriesContext(connection) as few:
        browser.get("/operator/record/")
    for _ in range(30):
        run("operators", "remove", NINA)
        run("operators", "add", NINA)
    assert b"Page 1 of 2" in browser.get("/operator/record/").content
    with CaptureQueriesContext(connection) as many:
        browser.get("/operator/record/")
    assert len(many) == len(few)
