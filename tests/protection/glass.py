"""What tests of super users have in common: who asks, who approves, and how somebody opens under a grant."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from django.core import mail

from chancery.sdk.named_access import OWN, NamedAccess
from tenants.directory.members import Member
from tenants.directory.services.create_group import create_group
from tests.cast import ACTOR, Cast, Player
from tests.protection.steps import confirmed

SETTINGS, GRANTS = "super-users", "super-user-grants"


def told() -> dict[str, str]:
    """Return what was mailed, by whom it was sent to; mails about new devices left out."""
    return {one.to[0]: f"{one.subject}\n{one.body}" for one in mail.outbox if "device" not in one.subject}


def asked(player: Player, **wanted: Any) -> str:
    """Ask for a grant and return its id."""
    answer = confirmed(player, "glass", "POST", GRANTS, {"reason": "Documents for the auditors", **wanted})
    assert answer.status_code == 200, answer.content
    return str(answer.json()["grant"])


def granted(cast: Cast, **wanted: Any) -> str:
    """Let the super user have a grant, which the second administrator approves."""
    grant = asked(cast.sue, **wanted)
    assert confirmed(cast.hugo, "glass", "POST", f"{GRANTS}/{grant}/approve").status_code == 200
    return grant


def nested_group(organization: UUID, person: UUID) -> str:
    """Return the address of a group that holds a group that holds the person."""
    held = Member(person_id=person)
    for name in ("inner", "outer"):
        address = f"{name}{uuid4().hex[:6]}@glass.example"
        made = create_group(organization_id=organization, address=address, name="", members=(held,), actor=ACTOR)
        held = Member(group_id=made.id)
    return address


@contextmanager
def under(player: Player, grant: str | None) -> Iterator[None]:
    """Let a person open under a grant."""
    player.session.named = NamedAccess(super_user_grant=None if grant is None else UUID(grant))
    try:
        yield
    finally:
        player.session.named = OWN
