"""A person who is added gets a mail, and the record says who added whom."""

import pytest
from django.core import mail
from pytest_django import Settings

from audit.selectors.events import Filter, events
from chancery.policy.policy import Strength
from portal import clock
from portal.identity.strength import NEVER, Authentication
from portal.models import Notification
from portal.notifications.send import send_due
from portal.usecases.caller import caller_at
from portal.usecases.confirmation import ConfirmationRequired, FreshSignInRequired, ReasonRequired, Stated
from portal.usecases.people import Added, create_person
from portal.words.events import ShownEvent, shown_events
from tenants.context import in_schema
from tenants.directory.models import Person
from tenants.directory.selectors.people import people_in
from tenants.organizations.selectors import OrganizationFacts
from tests.tenants import builders

pytestmark = pytest.mark.django_db

ADMINISTRATOR = "global_administrator"
HERE = "contoso.localhost"
ADA = "ada@contoso.example"


@pytest.fixture
def contoso() -> OrganizationFacts:
    made = builders.organization("contoso", "contoso.example")
    builders.person(made.id, ADA, name="Ada Ahrens", role=ADMINISTRATOR)
    return made


def add(
    organization: OrganizationFacts,
    address: str,
    *,
    guest: bool = False,
    role: str = "user",
    confirm: str = "",
    reason: str = "",
    stale: bool = False,
) -> Added:
    ada = Person.objects.get(email=ADA)
    signed_in = NEVER if stale else Authentication(Strength.CODE, clock.now())
    return create_person(
        caller=caller_at(organization, ada, ip="", source="test"),
        organization=organization,
        address=address,
        name="Max Meyer",
        role=role,
        guest=guest,
        stated=Stated(confirm, reason, signed_in),
    )


def newest(organization: OrganizationFacts, kind: str) -> ShownEvent:
    with in_schema(organization.schema_name):
        (shown,) = shown_events(events(filter=Filter(kinds=[kind]), limit=1).events, organization.id, organization.name)
    return shown


def test_the_invitation_names_the_organization_and_where_to_go(contoso: OrganizationFacts) -> None:
    said = add(contoso, "max@contoso.example").effect.message
    (message,) = mail.outbox
    assert message.to == ["max@contoso.example"]
    assert "Contoso" in message.subject
    assert f"Sign in here: http://{HERE}" in message.body
    assert "An invitation is sent" in said


def test_a_mail_server_that_is_down_takes_no_place_away(contoso: OrganizationFacts, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "portal.notifications.backend.NotificationBackend"
    settings.CHANCERY_EMBEDDED = False
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", 1
    assert "An invitation is sent" in add(contoso, "max@contoso.example").effect.message
    assert send_due() == 0
    assert Notification.objects.get().reason == "ConnectionRefusedError", "it is sent when the server is back"


def test_who_is_meant_by_everybody_from_outside_is_said(contoso: OrganizationFacts) -> None:
    (warning,) = add(contoso, "rita@fabrikam.example").effect.warnings
    assert "“everybody” means this person too" in warning
    assert add(contoso, "eve@elsewhere.example", guest=True).effect.warnings == ()
    assert add(contoso, "max@contoso.example").effect.warnings == ()


def test_an_administrator_is_added_once_that_is_confirmed(contoso: OrganizationFacts) -> None:
    """As with a role that is given later: by name, with a reason, freshly signed in."""
    wanted = ("rita@contoso.example",)
    with pytest.raises(ConfirmationRequired):
        add(contoso, *wanted, role=ADMINISTRATOR)
    with pytest.raises(ReasonRequired):
        add(contoso, *wanted, role=ADMINISTRATOR, confirm="rita@contoso.example")
    with pytest.raises(FreshSignInRequired):
        add(contoso, *wanted, role=ADMINISTRATOR, confirm="rita@contoso.example", reason="A deputy", stale=True)
    assert [one.email for one in people_in(contoso.id)] == [ADA]
    assert mail.outbox == []
    add(contoso, *wanted, role=ADMINISTRATOR, confirm="rita@contoso.example", reason="A deputy")
    assert {one.email: one.roles for one in people_in(contoso.id)}["rita@contoso.example"] == ("user", ADMINISTRATOR)
    with in_schema(contoso.schema_name):
        (made, *_) = events(filter=Filter(kinds=["person.created"]), limit=1).events
    assert made.details["reason"] == "A deputy"


def test_the_record_says_who_added_whom(contoso: OrganizationFacts) -> None:
    add(contoso, "max@contoso.example")
    shown = newest(contoso, "person.created")
    assert (shown.who, shown.what) == (ADA, f"{ADA} added max@contoso.example as user.")
    assert newest(contoso, "domain.proven").what.endswith("proved the mail domain contoso.example.")
