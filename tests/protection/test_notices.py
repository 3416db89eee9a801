"""Owners are mailed about their documents as they choose, once, not too often, and can end it (promise C89)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone

from audit.services.report import ingest
from audit.services.sequence import sequence
from portal.identity.notice_links import stop_token
from portal.models import Notification
from portal.notifications.backend import unsealed
from portal.usecases import mail_notices
from portal.usecases.mail_notices import next_morning
from protection.models import News, Notice, NoticeChoice, Visit
from protection.services import mail_notices as bounds
from protection.services import notices
from tenants.context import in_organization
from tenants.directory.models import Person
from tests.cast import Cast
from tests.isolation.endpoints import Site
from tests.protection.steps import RITA, call, confirmed, number_events, opening, protect, refusal, shows_names


@pytest.fixture(autouse=True)
def _from_here_on(cast: Cast, settings: Any) -> Iterator[None]:
    """Let each test begin with nobody who chose anything, and with everything before looked at."""
    settings.EMAIL_BACKEND = "portal.notifications.backend.NotificationBackend"
    swept(cast)
    with in_organization(cast.organizations["contoso"].id):
        for model in (NoticeChoice, Notice, News, Visit):
            model.objects.all().delete()
    yield
    Person.objects.filter(id=cast.olga.id).update(language="", time_zone="UTC")


def swept(cast: Cast) -> list[EmailMultiAlternatives]:
    """Let the workers do what is to be done; return the mails that this made, oldest first."""
    before = set(Notification.objects.values_list("pk", flat=True))
    organization = cast.organizations["contoso"].id
    number_events(cast, "contoso")
    with in_organization(organization):
        mail_notices.carry_on(organization)
    rows = Notification.objects.exclude(pk__in=before).order_by("created_at")
    return [unsealed(bytes(row.sealed)) for row in rows]


def choose(cast: Cast, of: str, cid: UUID | None = None) -> None:
    body = {"of": of, "document": None if cid is None else str(cid)}
    answer = call(cast.olga, "contoso", "PUT", "notices", body)
    assert answer.status_code == 200, answer.content


def happen(cast: Cast, sealed: Path) -> None:
    """Let Rita open it twice, Max be refused, and Olga, who protected it, open it herself."""
    opening(cast.rita, sealed)
    opening(cast.rita, sealed)
    refusal(cast.max, sealed)
    opening(cast.olga, sealed)


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ("every", [f"{RITA} opened", f"{RITA} opened", "max@contoso.example tried"]),
        ("first", [f"{RITA} opened"]),
        ("refusals", ["max@contoso.example tried"]),
        ("none", []),
        ("daily", []),
    ],
)
def test_each_choice_mails_what_it_says(cast: Cast, plan: Path, of: str, said: list[str]) -> None:
    choose(cast, of)
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    happen(cast, sealed.path)
    mails = swept(cast)
    lines = [line for mail in mails for line in str(mail.body).splitlines() if "  " in line]
    assert [line.partition("  ")[2].partition(" “")[0] for line in lines] == [
        one if "tried" not in one else f"{one} to open" for one in said
    ]
    assert [mail.to for mail in mails] == [[cast.olga.address]] * bool(said)
    opening(cast.rita, sealed.path)
    assert len(swept(cast)) == (of == "every")


def test_one_document_can_be_chosen_apart_from_all(cast: Cast, plan: Path) -> None:
    loud, quiet = (protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0) for _ in range(2))
    choose(cast, "every")
    choose(cast, "none", quiet.cid)
    opening(cast.rita, loud.path)
    opening(cast.rita, quiet.path)
    (mail,) = swept(cast)
    assert f"/documents/{loud.cid}/" in str(mail.body)
    choose(cast, "", quiet.cid)
    opening(cast.rita, quiet.path)
    assert len(swept(cast)) == 1
    shown = call(cast.olga, "contoso", "GET", "notices").json()
    assert shown == {"of": "every", "documents": []}
    assert call(cast.max, "contoso", "PUT", "notices", {"of": "every", "document": str(loud.cid)}).status_code == 404


def test_a_mail_is_in_the_readers_language_and_zone_and_says_how_to_end_it(cast: Cast, plan: Path) -> None:
    Person.objects.filter(id=cast.olga.id).update(language="de", time_zone="Pacific/Auckland")
    choose(cast, "every")
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    opening(cast.rita, sealed.path)
    (mail,) = swept(cast)
    body = str(mail.body)
    assert re.search(r"^\d+\. \w+\.? \d{4}, \d\d:\d\d NZ[DS]T  ", body, re.MULTILINE), body
    assert f"{RITA} hat „plan.txt“ geöffnet" in body
    assert "Pacific/Auckland" in body
    (link,) = re.findall(r"https?://\S+/notices/stop/\S+", body)
    assert mail.extra_headers["List-Unsubscribe"] == f"<{link}>"
    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_mail_has_no_title_where_titles_are_not_kept(cast: Cast, plan: Path) -> None:
    choose(cast, "every")
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    opening(cast.rita, sealed.path)
    assert call(cast.ada, "contoso", "PATCH", "settings", {"keep_titles": False}).status_code == 200
    (mail,) = swept(cast)
    assert call(cast.ada, "contoso", "PATCH", "settings", {"keep_titles": True}).status_code == 200
    assert "plan.txt" not in f"{mail.subject} {mail.body}"
    assert f"/documents/{sealed.cid}/" in str(mail.body)


def test_a_worker_that_is_stopped_anywhere_loses_nothing_and_mails_nothing_twice(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(cast, "every")
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    opening(cast.rita, sealed.path)
    opening(cast.rita, sealed.path)

    class Stopped(Exception):
        pass

    def stopped(*_args: object, **_more: object) -> None:
        raise Stopped

    for module, name in ((notices.Notice.objects, "bulk_create"), (notices.NoticeCursor, "save")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, stopped)
            with pytest.raises(Stopped):
                swept(cast)
    with monkeypatch.context() as patch:
        patch.setattr(mail_notices, "mail_notices", stopped)
        with pytest.raises(Stopped):
            swept(cast)
    (mail,) = swept(cast)
    assert str(mail.body).count(f"{RITA} opened") == 2
    assert swept(cast) == []


def test_beyond_a_bound_openings_come_together_in_one_mail(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(cast, "every")
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    mails = []
    for _ in range(bounds.PER_DOCUMENT + 3):
        opening(cast.rita, sealed.path)
        mails += swept(cast)
    assert len(mails) == bounds.PER_DOCUMENT
    with in_organization(cast.organizations["contoso"].id):
        waiting = Notice.objects.filter(mailed_at=None)
        assert waiting.count() == 3
        waiting.update(due_at=timezone.now())
        Notice.objects.exclude(mailed_at=None).update(mailed_at=timezone.now() - bounds.HOUR)
    (together,) = swept(cast)
    assert str(together.body).count(f"{RITA} opened") == 3


def test_the_daily_mail_is_due_in_the_persons_own_morning(cast: Cast, plan: Path) -> None:
    for zone in ("Pacific/Auckland", "America/Los_Angeles", "Europe/Berlin"):
        Person.objects.filter(id=cast.olga.id).update(time_zone=zone)
        due, now = next_morning(cast.olga.id), datetime.now(UTC)
        assert (due.astimezone(ZoneInfo(zone)).hour, due.minute) == (8, 0)
        assert timedelta() < due - now <= timedelta(hours=25)
    choose(cast, "daily")
    documents = [protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0) for _ in range(2)]
    for one in documents:
        opening(cast.rita, one.path)
    assert swept(cast) == []
    with in_organization(cast.organizations["contoso"].id):
        assert {one.daily for one in Notice.objects.all()} == {True}
        Notice.objects.update(due_at=timezone.now())
    (mail,) = swept(cast)
    assert str(mail.body).count(f"{RITA} opened") == 2


def test_mail_ends_by_the_link_alone_and_never_by_looking_at_it(cast: Cast, plan: Path) -> None:
    choose(cast, "every")
    contoso, fabrikam = cast.organizations["contoso"], cast.organizations["fabrikam"]
    client, host = Client(enforce_csrf_checks=True), "contoso.localhost:8000"
    page = f"/notices/stop/{stop_token(contoso.id, cast.olga.id)}/"
    assert client.get(page, headers={"Host": host}).status_code == 200
    assert call(cast.olga, "contoso", "GET", "notices").json()["of"] == "every", "looking changes nothing"
    for wrong in (page.replace("/stop/", "/stop/x"), f"/notices/stop/{stop_token(fabrikam.id, cast.olga.id)}/"):
        assert client.post(wrong, headers={"Host": host}).status_code == 404
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    opening(cast.rita, sealed.path)
    done = client.post(page, {"List-Unsubscribe": "One-Click"}, headers={"Host": host})
    assert done.status_code == 200
    assert call(cast.olga, "contoso", "GET", "notices").json() == {"of": "none", "documents": []}
    assert swept(cast) == []


def test_nobody_is_mailed_about_a_document_that_is_no_longer_theirs_or_where_names_are_not_shown(
    cast: Cast, plan: Path
) -> None:
    choose(cast, "every")
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    opening(cast.rita, sealed.path)
    with in_organization(cast.organizations["contoso"].id):
        ingest()
        sequence()
        notices.note_next(hidden=(), next_morning=next_morning)
    call(cast.ada, "contoso", "PATCH", "settings", {"tracking": "pseudonymous", "confirm": "yes"})
    quiet = swept(cast)
    opening(cast.rita, sealed.path)
    quiet += swept(cast)
    shows_names(cast)
    assert (quiet, swept(cast)) == ([], []), "what happened meanwhile is not mailed later either"
    given = {"to": "max@contoso.example", "documents": [str(sealed.cid)]}
    assert confirmed(cast.olga, "contoso", "POST", "hand-overs", given).status_code == 200
    swept(cast)
    opening(cast.rita, sealed.path)
    assert swept(cast) == []


# --- what is new ---------------------------------------------------------------------------------------------------


def test_what_others_opened_since_the_last_visit_is_said_and_listed(cast: Cast, plan: Path) -> None:
    sealed = [protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0) for _ in range(3)]
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.olga)
    assert "opened since" not in browser.get("/").content.decode(), "a first visit has none before"
    opening(cast.rita, sealed[0].path)
    opening(cast.rita, sealed[1].path)
    opening(cast.olga, sealed[2].path)
    swept(cast)
    with in_organization(cast.organizations["contoso"].id):
        Visit.objects.update(seen_at=timezone.now() - timedelta(hours=2), before=timezone.now() - timedelta(days=2))
        News.objects.update(at=timezone.now())
    for page in ("/", "/documents/", "/"):
        text = browser.get(page).content.decode()
        assert "2 documents were opened since" in text, "it stays through the visit"
        assert f"/documents/{sealed[0].cid}/" in text
    listed = browser.get("/documents/?new=1").content.decode()
    rows = listed.partition("<tbody>")[2] or listed.partition("<table")[2]
    assert [str(one.cid) in rows for one in sealed] == [True, True, False]
    found = call(cast.olga, "contoso", "GET", "documents?new=true").json()["results"]
    assert {one["cid"] for one in found} == {str(sealed[0].cid), str(sealed[1].cid)}
    with in_organization(cast.organizations["contoso"].id):
        Visit.objects.update(seen_at=timezone.now() - timedelta(hours=2))
        News.objects.update(at=timezone.now() - timedelta(hours=3))
    assert "opened since" not in browser.get("/").content.decode(), "the next visit begins anew"
