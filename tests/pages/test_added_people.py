"""Somebody who is added gets a mail, and the record says who added whom."""

import pytest
from django.core import mail
from pytest_django import Settings

from audit.selectors.events import Filter, events
from portal.operations.add_person import Added, add_person
from portal.pages.people import added_in_words
from portal.words.events import ShownEvent, shown_events
from tenants.actor import Actor
from tenants.context import in_schema
from tenants.organizations.selectors import OrganizationFacts
from tests.tenants import builders

pytestmark = pytest.mark.django_db

ADA = Actor(person_id=None, name="Ada Ahrens", source="test")


@pytest.fixture
def contoso() -> OrganizationFacts:
    return builders.organization("contoso", "contoso.example")


def add(organization: OrganizationFacts, address: str, *, guest: bool = False) -> Added:
    return add_person(organization=organization, address=address, name="Max Meyer", role="user", guest=guest, actor=ADA)


def newest(organization: OrganizationFacts, kind: str) -> ShownEvent:
    with in_schema(organization.schema_name):
        (shown,) = shown_events(events(filter=Filter(kinds=[kind]), limit=1).events, organization.id, organization.name)
    return shown


def test_the_invitation_names_the_organization_and_where_to_go(contoso: OrganizationFacts) -> None:
    added = add(contoso, "max@contoso.example")
    (message,) = mail.outbox
    assert message.to == ["max@contoso.example"]
    assert "Contoso" in message.subject
    assert f"Sign in here: {added.address}" in message.body
    assert contoso.host in added.address
    assert "An invitation is sent" in added_in_words(added)


def test_a_mail_server_that_is_down_takes_no_place_away(contoso: OrganizationFacts, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", 1
    added = add(contoso, "max@contoso.example")
    assert not added.invited
    assert f"sign in at {added.address}" in added_in_words(added)


def test_who_is_meant_by_everybody_from_outside_is_said(contoso: OrganizationFacts) -> None:
    assert "“everybody” means this person too" in added_in_words(add(contoso, "rita@fabrikam.example"))
    assert "everybody" not in added_in_words(add(contoso, "eve@elsewhere.example", guest=True))
    assert "everybody" not in added_in_words(add(contoso, "max@contoso.example"))


def test_the_record_says_who_added_whom(contoso: OrganizationFacts) -> None:
    add(contoso, "max@contoso.example")
    shown = newest(contoso, "person.created")
    assert (shown.who, shown.what) == ("Ada Ahrens", "Ada Ahrens added max@contoso.example as user.")
    assert newest(contoso, "domain.proven").what.endswith("proved the mail domain contoso.example.")
