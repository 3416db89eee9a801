"""Keys change under clients that hold older statements: nothing genuine is called false, nobody is stopped for long.

Each test founds nothing: it rotates Contoso's keys, and everybody's client knows the state of the test before.
"""

import io
from pathlib import Path

import pytest

from chancery.errors import CompromisedKey
from chancery.sdk.errors import Refused, Unreachable
from chancery.sdk.options import ProtectOptions
from chancery.sdk.organization import Organization
from chancery.sdk.session import Session
from chancery.sdk.trust import CURRENT_SECONDS
from chancery.sealing.read import open_sealed
from tests.cast import Cast, Player
from tests.protection.steps import RITA, Later, call, confirmed, ledger, opening, protect, rights, watched


def rotate(cast: Cast) -> None:
    assert confirmed(cast.ada, "contoso", "POST", "keys/rotate").status_code == 201


def active_key(cast: Cast) -> str:
    keys = call(cast.ada, "contoso", "GET", "keys").json()["results"]
    return str(next(key["id"] for key in keys if key["status"] == "active"))


def rotate_and_compromise(cast: Cast) -> None:
    """Replace the active key and withdraw it, as an administrator does whose key was stolen."""
    former = active_key(cast)
    rotate(cast)
    answer = confirmed(cast.ada, "contoso", "POST", f"keys/{former}/compromise", {"reason": "stolen"})
    assert answer.status_code in {200, 204}, answer.content


def informed(player: Player, cast: Cast) -> None:
    """Let a client learn the present keys."""
    place_of(player, cast).trust.fetch()


def place_of(player: Player, cast: Cast, session: Session | None = None) -> Organization:
    return (session or player.session).organization(cast.organizations["contoso"].id)


def key_of(sealed: Path) -> bytes:
    with open_sealed(sealed) as file:
        return file.publishing_license.kid


def test_a_file_under_a_new_key_opens_for_a_reader_who_knows_the_old_ones(cast: Cast, plan: Path) -> None:
    assert rights(cast.rita, protect(cast.olga, plan, f"{RITA}:VIEW").path) == {"VIEW"}
    rotate(cast)
    sealed = protect(cast.max, plan, f"{RITA}:VIEW")
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    assert cast.rita.session.verify(sealed.path).sub == cast.max.id


def test_without_a_network_an_unknown_key_is_called_unknown_and_not_false(cast: Cast, plan: Path) -> None:
    rights(cast.rita, protect(cast.olga, plan, f"{RITA}:VIEW").path)
    rotate(cast)
    informed(cast.olga, cast)
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=1)
    with pytest.raises(Unreachable) as unknown:
        cast.rita.offline().open_stream(sealed.path, io.BytesIO())
    assert "does not know" in unknown.value.message
    with pytest.raises(Unreachable):
        cast.rita.offline().verify(sealed.path)
    cast.rita.http.cut.add(f"/api/v1/statements/{cast.organizations['contoso'].id}")
    with pytest.raises(Unreachable):
        cast.rita.session.verify(sealed.path)
    cast.rita.http.cut.clear()
    assert rights(cast.rita, sealed.path) == {"VIEW"}


def test_a_statement_that_cannot_be_fetched_leaves_the_kept_one(cast: Cast, plan: Path) -> None:
    place = place_of(cast.olga, cast)
    place.statement()
    cast.olga.http.cut.add(f"/api/v1/statements/{place.id}")
    with pytest.raises(Unreachable):
        place.trust.fetch()
    cast.olga.http.cut.clear()
    assert place_of(cast.olga, cast, cast.olga.offline()).statement().org == place.id


def test_a_publisher_soon_seals_under_the_new_key(cast: Cast, plan: Path, clock: Later) -> None:
    first = protect(cast.olga, plan)
    rotate(cast)
    clock.ahead = CURRENT_SECONDS + 1
    second = protect(cast.olga, plan)
    assert key_of(first.path) != key_of(second.path)
    assert key_of(second.path) == place_of(cast.ada, cast).trust.fetch().active_encryption_key().kid


def test_a_publisher_who_has_not_heard_of_a_compromised_key_protects_all_the_same(cast: Cast, plan: Path) -> None:
    protect(cast.olga, plan)
    tampering = watched(cast, "contoso", "content.tampered")
    rotate_and_compromise(cast)
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW")
    assert sealed.registered
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    assert tampering() == []


def test_what_was_protected_offline_under_a_compromised_key_incriminates_nobody(cast: Cast, plan: Path) -> None:
    informed(cast.olga, cast)
    protect(cast.olga, plan)
    away = cast.olga.offline().protect(
        plan, ProtectOptions(grants=(f"{RITA}:VIEW",)), target=plan.with_name("away.sealed")
    )
    tampering = watched(cast, "contoso", "content.tampered")
    rotate_and_compromise(cast)
    with pytest.raises((Refused, CompromisedKey)):
        opening(cast.rita, away.path)
    cast.olga.session.own_organization().send_waiting()
    (dropped,) = [one for one in cast.olga.session.dropped if one.cid == away.cid]
    assert dropped.reason == "key_compromised"
    assert "Protect the original again" in dropped.next_step
    refused = ledger(cast, "contoso", "content.registered", outcome="refused")
    assert "key_compromised" in {event.reason for event in refused}
    assert tampering() == []
    assert rights(cast.rita, protect(cast.olga, plan, f"{RITA}:VIEW").path) == {"VIEW"}


def test_a_reader_hears_of_a_compromised_key_as_that(cast: Cast, plan: Path) -> None:
    informed(cast.olga, cast)
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW")
    rotate_and_compromise(cast)
    place_of(cast.rita, cast).trust.fetch()
    with pytest.raises(CompromisedKey) as raised:
        cast.rita.session.verify(sealed.path)
    assert "as compromised" in raised.value.message
