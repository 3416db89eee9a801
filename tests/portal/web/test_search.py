"""Search over everything: each kind follows the rules of its own page, for everybody who asks."""

import re
from html.parser import HTMLParser

import pytest

from chancery.sdk.options import ProtectOptions
from tenants.directory.services.create_group import create_group
from tests.cast import ACTOR, Cast, Player
from tests.isolation.endpoints import Site


class _Links(HTMLParser):
    """Collects the addresses that the results lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs).get("href") or "")


@pytest.fixture(scope="module")
def site(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return Contoso with a document, a group and its first templates."""
    plan = tmp_path_factory.mktemp("search") / "Lighthouse <b>.txt"
    plan.write_text("the plan", encoding="utf-8")
    cast.olga.session.protect(plan, ProtectOptions(grants=("max@contoso.example:VIEW",)))
    create_group(
        organization_id=cast.organizations["contoso"].id,
        address="keepers@contoso.example",
        name="Lighthouse keepers",
        members=(),
        actor=ACTOR,
    )
    return Site(cast, {})


def found(site: Site, player: Player, text: str) -> list[str]:
    """Return where the results lead, by the first part of their address, the handbook's pages aside."""
    answer = site.browser("contoso.localhost:8000", player).get("/search/", {"q": text})
    assert answer.status_code == 200
    page = answer.content.decode()
    links = _Links()
    links.feed(page[page.index("<main") : page.index("</main>")])
    return sorted({link.split("/")[1] for link in links.found} - {"handbook"})


def test_an_administrator_finds_every_kind(site: Site) -> None:
    assert found(site, site.cast.ada, "lighthouse") == ["documents", "groups"]
    assert found(site, site.cast.ada, "olga@") == ["documents", "people"]
    assert found(site, site.cast.ada, "highly confidential") == ["templates"]
    assert "keys" in found(site, site.cast.ada, "rotate")
    assert found(site, site.cast.ada, "take access back") == ["documents"]


def test_members_find_what_their_own_pages_show(site: Site) -> None:
    assert found(site, site.cast.olga, "lighthouse") == ["documents"]
    assert found(site, site.cast.max, "lighthouse") == [], "what one may open is not what one protected"
    assert found(site, site.cast.max, "olga@") == []
    assert found(site, site.cast.max, "rotate") == []


def test_the_handbook_is_found_by_its_sections(site: Site) -> None:
    page = site.browser("contoso.localhost:8000", site.cast.max).get("/search/", {"q": "offline copies"})
    assert 'href="/handbook/' in page.content.decode()


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_section_of_the_handbook_is_where_its_hit_leads(site: Site, language: str) -> None:
    browser = site.browser("contoso.localhost:8000", site.cast.max)
    links = _Links()
    links.feed(browser.get("/search/", {"q": "e"}, headers={"Accept-Language": language}).content.decode())
    sections = [link for link in links.found if link.startswith("/handbook/") and "#" in link]
    assert sections
    for link in sections:
        page, _, anchor = link.partition("#")
        assert f'id="{anchor}"' in browser.get(page, headers={"Accept-Language": language}).content.decode()


def test_documents_of_one_name_are_told_apart(site: Site) -> None:
    page = site.browser("contoso.localhost:8000", site.cast.ada).get("/search/", {"q": "lighthouse"})
    assert re.search(r"olga@contoso\.(<wbr>)?example · \d+ \w+ \d{4}, \d\d:\d\d", page.content.decode())


@pytest.mark.parametrize("text", ["%", "_", "<script>", "'; drop", "\\", "x" * 5000, "Größe 5", " "])
def test_any_text_is_only_text(site: Site, text: str) -> None:
    answer = site.browser("contoso.localhost:8000", site.cast.ada).get("/search/", {"q": text})
    assert answer.status_code == 200
    assert b"<script>" not in answer.content.split(b"<main")[1]


def test_an_empty_search_says_what_can_be_found(site: Site) -> None:
    answer = site.browser("contoso.localhost:8000", site.cast.ada).get("/search/")
    assert b"What are you looking for?" in answer.content
