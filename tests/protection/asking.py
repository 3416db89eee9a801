"""What tests about requests for access have in common: ask, be refused, answer, look."""

import time
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner, Result
from django.core import mail
from django.utils import timezone

from chancery.cli.main import main
from chancery.sdk.results import Protected
from chancery.sdk.session import Session
from protection.models import Content, Edition, PersonalGrant
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import call, ledger, protect, refusal

HOUR, DAY = 3_600, 86_400


def ask(player: Player, cid: UUID, **options: str) -> Any:
    return call(player, "contoso", "POST", f"documents/{cid}/access-requests", options)


def asked(player: Player, sealed: Protected, **options: str) -> str:
    """Be refused, ask, and return the request's id."""
    refusal(player, sealed.path)
    answer = ask(player, sealed.cid, **options)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def grant(player: Player, request: str, **terms: Any) -> Any:
    """Give access on these terms, without rights of their own as a viewer, which is what is asked for by default."""
    seen = {} if "rights" in terms else {"level": "viewer"}
    return call(player, "contoso", "POST", f"access-requests/{request}/grant", {**seen, **terms})


def end_what_was_given(cast: Cast, cid: UUID) -> None:
    """Let the document have been protected two hours ago, and what was given for a time have ended an hour ago."""
    with in_organization(cast.organizations["contoso"].id):
        row, end = Content.objects.get(cid=cid), int(time.time()) - HOUR
        for one in row.policy["grants"] if row.policy else ():
            one.update({"until": end} if "until" in one else {})
        row.save(update_fields=["policy"])
        PersonalGrant.objects.filter(content_id=cid, until__isnull=False).update(until=end)
        Edition.objects.filter(content_id=cid).update(registered_at=timezone.now() - timedelta(hours=2))


def decline(player: Player, request: str, message: str = "") -> Any:
    return call(player, "contoso", "POST", f"access-requests/{request}/decline", {"message": message})


def why_me(player: Player, cid: UUID) -> Any:
    return call(player, "contoso", "GET", f"documents/{cid}/why")


def document(player: Player, cid: UUID) -> dict[str, Any]:
    return dict(call(player, "contoso", "GET", f"documents/{cid}").json())


def seen(cast: Cast, request: str) -> str:
    """Return the page of a request as Olga's browser gets it."""
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.olga).get(f"/requests/{request}/")
    assert page.status_code == 200
    return page.content.decode()


def blockers_of(cast: Cast, request: str) -> list[str]:
    """Return the names of the blockers, as the request shows them to Olga."""
    found = call(cast.olga, "contoso", "GET", f"access-requests/{request}").json()["blockers"]
    return [one["name"] for one in found]


def asked_under_a_deny_entry(cast: Cast, plan: Path) -> tuple[Player, str, Protected]:
    rita = newcomer(cast)
    sealed = protect(cast.olga, plan, f"{rita.address}:VIEW", deny=("domain:fabrikam.example",))
    return rita, asked(rita, sealed), sealed


def command(player: Player, monkeypatch: pytest.MonkeyPatch, *words: str, code: int = 0) -> Result:
    """Run a command as this person at Contoso."""
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(player.session))
    done = CliRunner().invoke(main, [*words, "--organization", "contoso"])
    assert done.exit_code == code, done.output
    return done


def mails() -> list[Any]:
    """Return what was mailed about requests: enrolling a device is mailed too."""
    return [one for one in mail.outbox if "device" not in one.subject]


def kinds(cast: Cast, cid: UUID) -> list[str]:
    """Return what happened to a document beside openings, oldest first."""
    found = ledger(cast, "contoso", "access.", "content.changed", "content.restored", cid=cid)
    return [event.kind for event in reversed(found)]


def newcomer(cast: Cast, slug: str = "fabrikam") -> Player:
    """Return a person who has asked for nothing yet."""
    return cast.join(f"asker-{uuid4().hex[:6]}", slug)
