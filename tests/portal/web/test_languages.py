"""In which language pages answer: the person's preference, else a visitor's choice, else the browser's."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from django import forms
from django.core.cache import cache
from django.template import Context, Template
from django.utils import translation

from portal.middleware import SESSION_HOST
from tenants.directory.models import Person
from tenants.directory.services.change_person import change_person
from tenants.organizations.selectors import forget_hosts
from tests.isolation.endpoints import BACKEND
from tests.portal.identity.browser import Answer, Browser, enter
from tests.tenants import builders

pytestmark = pytest.mark.django_db

GERMAN = "de-DE,de;q=0.9,en;q=0.8"


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    forget_hosts()
    cache.clear()
    yield
    forget_hosts()
    cache.clear()


def visitor(languages: str) -> Browser:
    """Return the browser of a visitor who reads these languages."""
    return Browser(HTTP_ACCEPT_LANGUAGE=languages)


def signed_in(language: str, languages: str = GERMAN) -> Browser:
    """Return the browser of Olga, who chose a language in her preferences, or none."""
    contoso = builders.organization("contoso", "contoso.example")
    olga = builders.person(contoso.id, "olga@contoso.example", name="Olga")
    change_person(person_id=olga.id, language=language, actor=builders.ACTOR)
    browser = visitor(languages)
    browser.force_login(Person.objects.get(id=olga.id), backend=BACKEND)
    session = browser.session
    session[SESSION_HOST] = browser.host.partition(":")[0]
    session.save()
    return browser


def language_of(answer: Answer) -> str:
    """Return what a page says its language is."""
    found = re.search(r'<html lang="([^"]*)">', answer.content.decode())
    assert found is not None
    return found.group(1)


def says(answer: Answer, text: str) -> bool:
    return text in answer.content.decode()


def test_a_german_browser_is_answered_in_german() -> None:
    start, sign_in = (visitor(GERMAN).get(path) for path in ("/", "/accounts/login/"))
    assert [language_of(start), language_of(sign_in)] == ["de", "de"]
    assert says(start, "Sie entscheiden, wer Ihre Dateien öffnet")
    assert says(sign_in, "<h1>Anmelden</h1>")
    assert not says(sign_in, "Sign in")


@pytest.mark.parametrize("languages", ["", "fr-FR,fr;q=0.9", "en-GB,de;q=0.5"])
def test_english_is_what_everybody_else_gets(languages: str) -> None:
    answer = visitor(languages).get("/accounts/login/")
    assert language_of(answer) == "en"
    assert says(answer, "<h1>Sign in</h1>")


def test_a_visitors_choice_wins_over_the_browser() -> None:
    browser = visitor(GERMAN)
    assert browser.post("/language/", {"language": "en", "next": "/accounts/login/"})["Location"] == "/accounts/login/"
    assert language_of(browser.get("/accounts/login/")) == "en"
    browser.post("/language/", {"language": "de", "next": "/"})
    assert language_of(browser.get("/accounts/login/")) == "de"


def test_a_persons_preference_wins_over_both() -> None:
    browser = signed_in("en")
    browser.post("/language/", {"language": "de", "next": "/"})
    answer = browser.get("/")
    assert language_of(answer) == "en"
    assert says(answer, "<h1>Your organizations</h1>")


def test_a_preference_counts_at_the_organization_too() -> None:
    there, _ = enter(signed_in("de", languages="en"), "contoso")
    answer = there.get("/documents/")
    assert language_of(answer) == "de"
    assert says(answer, "<h1>Meine Dokumente</h1>")


def test_who_prefers_none_is_answered_as_the_browser_asks() -> None:
    assert language_of(signed_in("").get("/")) == "de"


def test_a_page_for_nobody_names_its_language() -> None:
    assert language_of(visitor(GERMAN).get("/nothing-here/")) == "de"


@pytest.mark.parametrize(
    ("language", "day", "moment"),
    [("en", "5 Nov 2026", "5 Nov 2026, 14:06:07 UTC"), ("de", "5. Nov. 2026", "5. Nov. 2026, 14:06:07 UTC")],
)
def test_dates_are_written_as_the_language_does(language: str, day: str, moment: str) -> None:
    page = Template('{{ when|date:"DATE_FORMAT" }}|{{ when|date:"MOMENT_FORMAT" }}')
    with translation.override(language):
        assert page.render(Context({"when": datetime(2026, 11, 5, 14, 6, 7, tzinfo=UTC)})) == f"{day}|{moment}"


def test_date_fields_hold_what_browsers_understand_in_every_language() -> None:
    class Form(forms.Form):
        day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), initial=date(2026, 11, 5))

    with translation.override("de"):
        assert 'value="2026-11-05"' in str(Form()["day"])
        assert Form({"day": "5.11.2026"}).is_valid()
