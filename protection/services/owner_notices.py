"""People learn that an application has protected documents which they own: a row for each until they were mailed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.selectors.schemas import schemas_where
from protection.actor import Actor
from protection.models import Content, OwnerToTell

AGAIN: Final = timedelta(hours=1)
"""How long after a mail further documents of the same application and owner wait for the next one."""
NAMED: Final = 5
"""How many documents one mail names."""
_WAITING: Final = "exists (select from {schema}.protection_ownertotell where due_at <= clock_timestamp())"


@dataclass(frozen=True, slots=True)
class WrittenFor:
    """Documents that an application has protected for a person who was not told of them yet."""

    owner: UUID
    application: str
    number: int
    titles: tuple[str, ...]


def written_for(actor: Actor, content: Content) -> dict[str, Any]:
    """Return what an event says of a document that its issuer protected for another owner; nothing of others."""
    own = actor.person == content.issuer_id and content.owner_id != content.issuer_id
    return {"for_owner": str(content.owner_id)} if own else {}


def tell_owner(content: Content, application: str) -> None:
    """Keep that the owner of a document is to learn that this application has protected it for them.

    The first document of an hour is told at once, the others together at the end of it.
    """
    if content.owner_id == content.issuer_id:
        return
    told = OwnerToTell.objects.filter(
        owner_id=content.owner_id, issuer_id=content.issuer_id, told_at__gt=timezone.now() - AGAIN
    )
    last = told.order_by("-told_at").values_list("told_at", flat=True).first()
    OwnerToTell.objects.create(
        content_id=content.cid,
        owner_id=content.owner_id,
        issuer_id=content.issuer_id,
        application=application,
        title=content.title,
        due_at=timezone.now() if last is None else last + AGAIN,
    )


def with_owners_to_tell(schemas: Iterable[str]) -> set[str]:
    """Return those of the schemas where somebody is to be told now."""
    return set(schemas_where(_WAITING, schemas))


@transaction.atomic
def take_owners_to_tell() -> list[WrittenFor]:
    """Return who is to be told of what in the current organization now; the caller tells them in this transaction.

    Rows of before are forgotten once they hold back no further mail.
    """
    now = timezone.now()
    OwnerToTell.objects.filter(told_at__lt=now - AGAIN).delete()
    waiting = OwnerToTell.objects.select_for_update(skip_locked=True).filter(told_at=None, due_at__lte=now)
    together: dict[tuple[UUID, UUID], list[OwnerToTell]] = {}
    for row in waiting.order_by("owner_id", "issuer_id", "content_id"):
        together.setdefault((row.owner_id, row.issuer_id), []).append(row)
    found = []
    for (owner, _issuer), rows in together.items():
        titles = tuple(row.title for row in rows if row.title)[:NAMED]
        found.append(WrittenFor(owner, rows[0].application, len(rows), titles))
        OwnerToTell.objects.filter(content_id__in=[row.content_id for row in rows]).update(told_at=now, due_at=None)
    return found
