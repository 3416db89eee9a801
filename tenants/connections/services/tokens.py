"""The bearer tokens of a connection: made, used, refused and revoked."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.connections.models import Connection, ConnectionToken
from tenants.connections.selectors import PREFIX, TokenShown, connection_in, token_hash
from tenants.directory.change import note
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.known_secrets import remember
from tenants.directory.models import ApiClient
from tenants.events import DirectoryKind

DAYS: Final = 365
MOST_DAYS: Final = 730
AT_ONCE: Final = 2
"""How many tokens are valid at a time: the one in use, and the next one while it is put in its place."""
USED_EVERY: Final = timedelta(minutes=1)
"""How exact the time of the last use is; a busy provider must not write it with each request."""
_HINT: Final = 6


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A new token in clear, shown once."""

    id: UUID
    value: str
    expires_at: datetime


@transaction.atomic
def make_token(*, organization_id: UUID, connection_id: UUID, days: int = DAYS, actor: Actor) -> MadeToken:
    """Make a token.  Raises DirectoryRefused where two are valid already, or for more days than a token lives."""
    if not 1 <= days <= MOST_DAYS:
        raise DirectoryRefused(_("A token is valid for 1 to {most} days.").format(most=MOST_DAYS))
    row = Connection.objects.within(organization_id).select_for_update().filter(id=connection_id).first()
    if row is None:
        raise NotHere(_("There is no such connection in this organization."))
    found = connection_in(organization_id, connection_id)
    if found.ended:
        raise DirectoryRefused(_("This connection has ended. Make a new one."))
    if found.asks:
        raise DirectoryRefused(_("A directory server is asked. It needs no token."))
    if len(found.valid_tokens) >= AT_ONCE:
        raise DirectoryRefused(_("Two tokens are valid already. Revoke the one that is not used any more."))
    secret = secrets.token_urlsafe(32)
    value = PREFIX + secret
    made = ConnectionToken.objects.create(
        connection=row,
        token_hash=token_hash(value),
        hint=secret[:_HINT],
        expires_at=timezone.now() + timedelta(days=days),
    )
    remember(ApiClient.objects.within(organization_id).get(client_id=row.client_id), actor)
    note(
        kind=DirectoryKind.PROVISIONING_TOKEN_MADE,
        organizations=[organization_id],
        actor=actor,
        title=found.name,
        details={"connection": str(row.id), "token": made.hint, "days": days},
    )
    return MadeToken(made.id, value, made.expires_at)


@transaction.atomic
def revoke_token(*, organization_id: UUID, connection_id: UUID, token_id: UUID, actor: Actor) -> bool:
    """Revoke a token at once; return whether it was not revoked before.  Raises NotHere."""
    found = connection_in(organization_id, connection_id)
    row = ConnectionToken.objects.select_for_update().filter(connection_id=found.id, id=token_id).first()
    if row is None:
        raise NotHere(_("This connection has no such token."))
    if row.revoked_at is not None:
        return False
    row.revoked_at = timezone.now()
    row.save(update_fields=["revoked_at"])
    note(
        kind=DirectoryKind.PROVISIONING_TOKEN_REVOKED,
        organizations=[organization_id],
        actor=actor,
        title=found.name,
        details={"connection": str(found.id), "token": row.hint},
    )
    return True


def note_use(shown: TokenShown) -> None:
    """Keep that a token was used, to the minute."""
    now = timezone.now()
    if shown.last_used_at is None or now - shown.last_used_at > USED_EVERY:
        ConnectionToken.objects.filter(id=shown.id).update(last_used_at=now)


@transaction.atomic
def note_refusal(shown: TokenShown, *, actor: Actor) -> None:
    """Record that a token which is over was shown: the provider still holds it, or another person does."""
    found = connection_in(shown.organization_id, shown.connection_id)
    note(
        kind=DirectoryKind.PROVISIONING_TOKEN_REFUSED,
        organizations=[shown.organization_id],
        actor=actor,
        title=found.name,
        details={"connection": str(found.id), "token": shown.hint, "reason": shown.refused},
    )
