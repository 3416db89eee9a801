"""Who may create an organization, and what the page tells whom."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from pytest_django import Settings

from portal.middleware import SESSION_HOST
from portal.web import start
from tenants.directory.models import Membership, Person
from tenants.directory.selectors.people import membership_at, person_in
from tenants.organizations.selectors import forget_hosts, organization_by_slug
from tests.isolation.endpoints import BACKEND
from tests.portal.identity.browser import Browser
from tests.tenants import builders

pytestmark = pytest.mark.django_db

CONTOSO = {"name": "Contoso", "slug": "contoso", "administrator": "ada@contoso.example"}


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    forget_hosts()
    cache.clear()
    yield
    forget_hosts()
    cache.clear()


@pytest.fixture
def signed_in() -> Browser:
    """Return the browser of a person who has proven an address of their own and belongs nowhere else."""
    home = builders.organization("elsewhere", "elsewhere.example")
    person = builders.person(home.id, "eve@elsewhere.example", name="Eve")
    browser = Browser()
    browser.force_login(Person.objects.get(id=person.id), backend=BACKEND)
    session = browser.session
    session[SESSION_HOST] = browser.host.partition(":")[0]
    session.save()
    return browser


def test_in_production_it_is_closed_unless_configured(settings: Settings) -> None:
    settings.CHANCERY_EMBEDDED = settings.CHANCERY_OPEN_SIGNUP = False
    answer = Browser().post("/organizations/new/", CONTOSO)
    assert answer.status_code == 403
    assert b"Ask the operator" in answer.content
    assert b"Create an organization" not in Browser().get("/").content
    assert organization_by_slug("contoso") is None


def test_opened_in_production_it_takes_an_account(settings: Settings) -> None:
    settings.CHANCERY_EMBEDDED = False
    answer = Browser().get("/organizations/new/")
    assert urlsplit(answer["Location"]).path == "/accounts/login/"
    assert parse_qs(urlsplit(answer["Location"]).query) == {"next": ["/organizations/new/"]}


def test_in_production_the_founder_administers(settings: Settings, signed_in: Browser) -> None:
    settings.CHANCERY_EMBEDDED = False
    signed_in.post("/organizations/new/", {**CONTOSO, "mail_domain": "contoso.example"})
    made = organization_by_slug("contoso")
    assert made is not None
    eve = person_in(made.id, Person.objects.get(email="eve@elsewhere.example").pk)
    assert (eve.roles, eve.guest) == (("user", "global_administrator"), False)
    assert membership_at(made.id, Person.objects.get(email="eve@elsewhere.example").pk) is not None
    assert not Person.objects.filter(email="ada@contoso.example").exists()
    ready = signed_in.get("/organizations/ready/").content.decode()
    assert "TXT record" in ready
    assert "At the first sign-in, a code" not in ready, "the founder is signed in already"
    assert "/signin/link/" not in ready


def test_nobody_fills_the_installation(settings: Settings, signed_in: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CHANCERY_EMBEDDED = False
    monkeypatch.setattr(start, "MADE_IN_AN_HOUR", 0)
    answer = signed_in.post("/organizations/new/", CONTOSO)
    assert b"Try again in an hour" in answer.content
    assert organization_by_slug("contoso") is None


def test_a_link_that_signs_in_is_for_new_people_at_this_machine_only(signed_in: Browser) -> None:
    new, known, far = Browser(), Browser(), Browser(REMOTE_ADDR="192.0.2.7")
    new.post("/organizations/new/", CONTOSO)
    known.post("/organizations/new/", {"name": "Mine", "slug": "mine", "administrator": "eve@elsewhere.example"})
    far.post("/organizations/new/", {"name": "Far", "slug": "far", "administrator": "new@far.example"})
    assert "/signin/link/" in new.get("/organizations/ready/").content.decode()
    code = "your sign-in code is in the"
    assert code not in new.get("/organizations/ready/").content.decode(), "the link signs in without one"
    assert code in far.get("/organizations/ready/").content.decode()
    for browser in (known, far):
        page = browser.get("/organizations/ready/")
        assert page.status_code == 200
        assert "/signin/link/" not in page.content.decode()


def test_who_belongs_nowhere_is_led_to_the_page_that_opens_files(signed_in: Browser) -> None:
    home = organization_by_slug("elsewhere")
    assert home is not None
    Membership.objects.within(home.id).delete()
    assert '<a href="/open/">open the file here</a>' in signed_in.get("/").content.decode()
