"""An application's secret does not end with the person who knows it; the administrators who stay are notified."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from pytest_django import Settings

from portal.notifications import outbox
from tenants.directory.models import Person
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import call, confirmed, ledger

KIND = "application.exposed"


def made_by(player: Player, name: str) -> str:
    answer = call(player, "contoso", "POST", "applications", {"name": name, "roles": []})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["client_id"])


def by_code(player: Player, client: str) -> None:
    assert call(player, "contoso", "POST", f"applications/{client}/code").status_code == 201


def disabled(cast: Cast, gone: Player) -> None:
    assert confirmed(cast.ada, "contoso", "PATCH", f"people/{gone.id}", {"disabled": True}).status_code == 200


def removed(cast: Cast, gone: Player) -> None:
    stated = {"confirm": gone.address, "reason": "left"}
    assert call(cast.ada, "contoso", "POST", f"people/{gone.id}/removal", stated).status_code == 200


def left(cast: Cast, gone: Player) -> None:
    assert confirmed(gone, "contoso", "POST", "leave").status_code == 200


def demoted(cast: Cast, gone: Player) -> None:
    answer = call(cast.ada, "contoso", "PATCH", f"people/{gone.id}", {"role": "user"})
    assert answer.status_code in {200, 409}
    if answer.status_code == 409:
        confirmed(cast.ada, "contoso", "PATCH", f"people/{gone.id}", {"role": "user"})


@pytest.mark.parametrize("end", [disabled, removed, left, demoted])
def test_the_remaining_administrators_are_notified_which(
    cast: Cast, end: Callable[[Cast, Player], None], settings: Settings
) -> None:
    """Once, although an act that asks first is tried before: what is taken back takes its mail along."""
    settings.EMAIL_BACKEND = "portal.notifications.backend.NotificationBackend"
    gone = cast.join(f"admin{uuid4().hex[:6]}", "contoso", role="global_administrator")
    theirs, shown, other = (f"{word} {uuid4().hex[:6]}" for word in ("theirs", "shown", "other"))
    made_by(gone, theirs)
    by_code(gone, made_by(cast.ada, shown))
    made_by(cast.ada, other)
    end(cast, gone)
    events = [event for event in ledger(cast, "contoso", KIND) if event.personal.get("recipient") == gone.address]
    assert {event.personal["title"] for event in events} == {theirs, shown}
    listed = {one["name"]: one for one in call(cast.ada, "contoso", "GET", "applications").json()["results"]}
    assert [listed[name]["known_outside"] for name in (theirs, shown, other)] == [True, True, False]
    subject = f"{gone.address} still knows secrets of applications"
    (message,) = [one for one in outbox.newest() if one.subject == subject and one.to == cast.ada.address]
    assert [name in message.text for name in (theirs, shown, other)] == [True, True, False]
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.ada).get("/applications/").content.decode()
    assert "Known to a former administrator" in page


def test_whose_account_was_closed_knows_it_as_well(cast: Cast) -> None:
    """The account of an administrator closes where the mail domain of their only address changes hands."""
    gone = cast.join(f"k{uuid4().hex[:6]}", "contoso", role="global_administrator")
    client = made_by(gone, f"Kept {uuid4().hex[:6]}")
    Person.objects.filter(id=gone.id).update(is_active=False)
    listed = call(cast.ada, "contoso", "GET", "applications").json()["results"]
    assert [one["known_outside"] for one in listed if one["client_id"] == client] == [True]
