"""The handbook is served in the language of its reader, and nothing else is served in its place."""

import re

import pytest

from portal.web.handbook import ENGLISH
from tests.portal.identity.browser import Browser

pytestmark = pytest.mark.django_db


def body_of(name: str, language: str) -> tuple[str, str]:
    """Return the page that a reader of a language gets, and how its text begins."""
    answer = Browser(HTTP_ACCEPT_LANGUAGE=language).get(f"/handbook/{name}/")
    assert answer.status_code == 200
    page = answer.content.decode()
    found = re.search(r'<div class="prose written"[^>]*><h1>[^<]*</h1>', page)
    assert found is not None
    return page, found.group()


def test_a_page_is_shown_in_the_language_of_its_reader() -> None:
    german = body_of("policies", "de-AT,de;q=0.9")
    english = body_of("policies", ENGLISH)
    assert german[1] == '<div class="prose written"><h1>Richtlinien</h1>'
    assert english[1] == '<div class="prose written"><h1>Policies</h1>'
    assert body_of("policies", "fr")[1] == english[1]
    assert not any("in English only" in page or "nur auf Englisch" in page for page, _ in (german, english))


def test_a_page_without_a_german_text_is_shown_in_english_and_says_so() -> None:
    page, begins = body_of("promises", "de")
    assert begins == '<div class="prose written" lang="en"><h1>What rights and templates promise</h1>'
    assert "Diese Seite gibt es nur auf Englisch." in page
    assert body_of("promises", ENGLISH)[1] == begins.replace(' lang="en"', "")


@pytest.mark.parametrize("name", ["de", "de/policies", "../changelog", "..%2Fchangelog", "policies.md", "%2E%2E"])
def test_nothing_else_is_read_from_the_disk(name: str) -> None:
    assert Browser(HTTP_ACCEPT_LANGUAGE="de").get(f"/handbook/{name}/").status_code == 404
