"""What tests of read permissions have in common: an application, its permission, and what it reads by it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from chancery.sdk.named_access import OWN, NamedAccess
from protection.actor import Actor
from protection.models import ReadPermissionKind
from protection.selectors.scopes import Scope
from protection.services.read_permissions import approve_permission, ask_permission
from tenants.context import in_organization
from tenants.directory.services.create_application import create_application
from tests.cast import ACTOR, Cast, Player
from tests.protection.steps import confirmed

PERMISSIONS = "read-permissions"


def application_of(cast: Cast, slug: str = "glass", *, name: str = "Search") -> Player:
    """Make an application with a device, and return it as a player whose ``address`` is its client id."""
    made = create_application(organization_id=cast.organizations[slug].id, name=name, roles=(), actor=ACTOR)
    return cast.know(f"app{uuid4().hex[:8]}", made.person_id, made.client_id)


def asked(cast: Cast, application: Player, **wanted: Any) -> str:
    """Let the first administrator ask for a permission, and return its id."""
    body = {"application": application.address, "kind": "all", "reason": "Full-text search", **wanted}
    answer = confirmed(cast.gwen, "glass", "POST", PERMISSIONS, body)
    assert answer.status_code == 200, answer.content
    return str(answer.json()["permission"])


def permitted(cast: Cast, application: Player, **wanted: Any) -> str:
    """Give an application a permission, which the second administrator approves."""
    permission = asked(cast, application, **wanted)
    answer = confirmed(cast.hugo, "glass", "POST", f"{PERMISSIONS}/{permission}/approve")
    assert answer.status_code == 200, answer.content
    return permission


def given(cast: Cast, slug: str, application: Player, *, asking: Player, approving: Player) -> str:
    """Give an application a permission to read for people, where no two administrators are independent."""
    with in_organization(cast.organizations[slug].id):
        permission = ask_permission(
            actor=Actor(person=asking.id, address=asking.address),
            application=application.id,
            name="Search",
            kind=ReadPermissionKind.FOR_USER,
            scope=Scope(),
            days=1,
            reason="Assistant",
        ).id
        approve_permission(actor=Actor(person=approving.id, address=approving.address), permission=permission)
    return str(permission)


@contextmanager
def reading_by(application: Player, permission: str, person: str = "") -> Iterator[None]:
    """Let an application read by a permission, for itself or for a person."""
    application.session.named = NamedAccess(read_permission=UUID(permission), for_person=person)
    try:
        yield
    finally:
        application.session.named = OWN
