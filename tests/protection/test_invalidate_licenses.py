"""Licenses that devices keep are asked for anew when an administrator says so; nobody loses a right by it."""

import io
from pathlib import Path
from typing import Any
from uuid import uuid4

from chancery.sdk.session import Session
from tenants.directory.members import Member
from tenants.directory.services.create_group import create_group
from tests.cast import ACTOR, Cast, Player
from tests.protection.steps import call, ledger, opening, problem, protect


def invalidate(player: Player, **body: Any) -> Any:
    return call(player, "contoso", "POST", "service/invalidate-licenses", body)


def next_opening(player: Player, sealed: Path) -> str:
    """Return from where a new session of the device has its license: it asks the feed first."""
    session = Session(player.session.home, player.session.account, player.session._http)
    return session.open_stream(sealed, io.BytesIO()).source


def test_a_group_s_people_alone_ask_anew(cast: Cast, plan: Path) -> None:
    group = create_group(
        organization_id=cast.organizations["contoso"].id,
        address=f"few{uuid4().hex[:6]}@contoso.example",
        name="Few",
        members=[Member(person_id=cast.max.id)],
        actor=ACTOR,
    )
    sealed = protect(cast.olga, plan, f"{cast.max.address}:VIEW", f"{cast.rita.address}:VIEW", offline_days=3)
    for player in (cast.max, cast.rita):
        opening(player, sealed.path)
    assert {next_opening(player, sealed.path) for player in (cast.max, cast.rita)} == {"kept"}
    asked = problem(invalidate(cast.ada, group=group.address), 409, "confirmation_required")
    assert "1 person" in asked["consequences"][0]
    assert invalidate(cast.ada, group=group.address, confirm=asked["confirm"]).json()["changed"]
    assert next_opening(cast.max, sealed.path) == "service"
    assert next_opening(cast.rita, sealed.path) == "kept"
    event = ledger(cast, "contoso", "licenses.invalidated")[0]
    assert (event.personal["recipient"], event.details["group"]) == (group.address, str(group.id))
    problem(invalidate(cast.ada, group="nobody@contoso.example"), 404, "not_found")


def test_who_may_not_switch_the_service_may_not_do_it(cast: Cast) -> None:
    problem(invalidate(cast.olga), 403, "permission_denied")


def test_everybody_asks_anew_and_nobody_loses_a_right(cast: Cast, plan: Path) -> None:
    reader = cast.join(
        f"reader{uuid4().hex[:6]}", "contoso"
    )  # The others' licenses of this minute are invalid already.
    sealed = protect(cast.olga, plan, f"{reader.address}:VIEW", offline_days=3)
    opening(reader, sealed.path)
    assert next_opening(reader, sealed.path) == "kept"
    asked = problem(invalidate(cast.ada), 409, "confirmation_required")
    assert asked["confirm"] == "Contoso"
    assert any("Nobody loses a right" in one for one in asked["consequences"])
    assert invalidate(cast.ada, confirm="Contoso").json()["changed"]
    assert next_opening(reader, sealed.path) == "service"
    assert next_opening(reader, sealed.path) == "kept"
    assert ledger(cast, "contoso", "licenses.invalidated")
