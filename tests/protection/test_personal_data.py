"""Who reads by a role what is known about others is on record (promise C74)."""

from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from audit.selectors.events import EventRow
from audit.services import hourly_count
from chancery.policy.permission import Permission
from portal.words.events import shown_events
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import call, ledger, protect

SHOWS_OTHERS = {
    Permission.AUDIT_READ,
    Permission.DOCUMENTS_HAND_OVER,
    Permission.DOCUMENTS_READ_ALL,
    Permission.GROUPS_READ,
    Permission.PEOPLE_MANAGE,
    Permission.PEOPLE_READ,
}
RECORDED_INSIDE = {"audit", "AuditEvents"}
"""Their form says whose events are read."""
SHOWS_NOBODY = {
    *("Checkpoints", "Entries", "Proof"),  # entries hold no personal data
    *("person_new", "hand_over_answer", "RolesExplained", "roles_explained"),  # forms, and what roles are
    *("chosen_people", "person_device", "person_address", "person_remove", "contact_remove"),  # changes
    *("reviews", "Reviews", "ReviewDetail"),  # how many items are answered, not about whom
    *("person_session_end", "person_sessions_end", "person_loss_code"),  # changes
}


@pytest.fixture(autouse=True)
def _another_hour() -> None:
    hourly_count.forget()


def readings(cast: Cast) -> list[EventRow]:
    """Return what Contoso has on record of readings, the newest first."""
    return list(ledger(cast, "contoso", "personal_data.read"))


def in_words(cast: Cast, number: int) -> list[str]:
    """Return the newest readings in words, the oldest of them first."""
    contoso = cast.organizations["contoso"]
    with in_organization(contoso.id):
        return [one.what for one in reversed(shown_events(readings(cast)[:number], contoso.id, contoso.name))]


def reads(player: Player, *paths: str) -> None:
    for path in paths:
        assert call(player, "contoso", "GET", path).status_code == 200


def test_what_an_administrator_reads_about_others_is_on_record(cast: Cast, plan: Path) -> None:
    document = protect(cast.olga, plan)
    before, max_ = len(readings(cast)), cast.max.id
    paths = ["people", f"people/{max_}", "audit/events", f"audit/events?person={max_}", "documents?scope=all"]
    reads(cast.ada, *paths, f"documents/{document.cid}", "access-requests?scope=all", "groups")
    assert len(readings(cast)) == before + 8
    assert in_words(cast, 8) == [
        "ada@contoso.example read the list of people and groups.",
        "ada@contoso.example read what is known about max@contoso.example.",
        "ada@contoso.example read the audit log.",
        "ada@contoso.example read the audit log for max@contoso.example.",
        "ada@contoso.example read the list of everybody’s documents.",
        f"ada@contoso.example read who has access to “{plan.name}” and what they did with it.",
        "ada@contoso.example read what everybody asked for.",
        "ada@contoso.example read the list of groups.",
    ]


def test_pages_are_on_record_like_calls_and_once_an_hour(cast: Cast, plan: Path) -> None:
    document = protect(cast.olga, plan)
    before = len(readings(cast))
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    for path in ("/people/", f"/people/{cast.max.id}/", f"/documents/{document.cid}/", "/audit/"):
        assert browser.get(path).status_code == 200
    assert len(readings(cast)) == before + 4
    for path in ("/people/?search=max", f"/people/{cast.max.id}/", "/audit/"):
        assert browser.get(path).status_code == 200
    reads(cast.ada, "people", f"documents/{document.cid}/recipients")
    assert len(readings(cast)) == before + 4


def test_one_s_own_data_and_documents_are_read_without_a_trace(cast: Cast, plan: Path) -> None:
    document, own = protect(cast.olga, plan), protect(cast.ada, plan)
    before = len(readings(cast))
    reads(cast.olga, f"documents/{document.cid}", f"documents/{document.cid}/recipients", "documents?scope=all")
    reads(cast.ada, f"documents/{own.cid}", f"people/{cast.ada.id}")
    assert call(cast.max, "contoso", "GET", f"documents/{document.cid}").status_code == 404
    assert call(cast.max, "contoso", "GET", "people").status_code == 403
    assert len(readings(cast)) == before


def test_whose_document_was_looked_into_does_not_read_that_in_its_timeline(cast: Cast, plan: Path) -> None:
    document = protect(cast.olga, plan)
    reads(cast.ada, f"documents/{document.cid}")
    shown = call(cast.olga, "contoso", "GET", f"documents/{document.cid}/events").json()["results"]
    assert "personal_data.read" not in {one["kind"] for one in shown}
    assert readings(cast)[0].content_id == document.cid


def views(patterns: list[URLPattern | URLResolver]) -> list[object]:
    """Return all views of an organization's host."""
    found: list[object] = []
    for one in patterns:
        found += views(one.url_patterns) if isinstance(one, URLResolver) else [one.callback]
    return found


def test_every_page_and_call_that_takes_such_a_permission_says_what_it_shows() -> None:
    missing = set()
    for view in views(get_resolver("portal.urls_organization").url_patterns):
        kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
        if kind is None:
            takes, says, name = (
                getattr(view, "takes", None),
                getattr(view, "reads", None),
                getattr(view, "__name__", ""),
            )
        else:
            takes, name = getattr(kind, "needs", {}).get("GET"), kind.__name__
            says = getattr(kind, "reads", {}).get("GET")
        if takes in SHOWS_OTHERS and says is None:
            missing.add(name)
    assert missing - RECORDED_INSIDE - SHOWS_NOBODY == set()
    assert missing >= RECORDED_INSIDE | SHOWS_NOBODY, "nothing is excused that need not be"
