"""Which editions others may save over: those whose body nobody but their sealer has shown for a while.

An edition is registered before its file has its name, so a program that crashes in between, or an editor who never
hands the file out, leaves an edition that nobody can build on.  It stays recorded and opens as an older one; but it
must not keep everybody else from saving for ever.  See docs/protocol.md P3.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from protection.models import Content, Edition

UNSEEN_FOR: Final = timedelta(minutes=15)
"""How long an edition keeps others from saving while nobody but its sealer has opened it."""

BLOCKING_SQL: Final = (
    f"(opened_at is not null or registered_at > clock_timestamp() - interval '{UNSEEN_FOR.seconds} seconds')"
)
"""The same as ``blocking_editions`` for the deciding statement."""


def blocking_editions(content: Content, *, after: int) -> bool:
    """Tell whether an edition after this one may be in other hands: then only the newest can be followed."""
    later = content.editions.filter(n__gt=after)
    return later.filter(Q(opened_at__isnull=False) | Q(registered_at__gt=Now() - UNSEEN_FOR)).exists()


def newest_seal(cid: UUID) -> bytes:
    """Return the digest of the seal of a document's newest edition, b"" where it has none yet."""
    newest = Edition.objects.filter(content_id=cid).order_by("-n").values_list("seal_digest", flat=True).first()
    return b"" if newest is None else bytes(newest)
