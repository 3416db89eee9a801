"""Invalidate the licenses that people and devices keep here, after the directory revoked what they rest on.

See docs/protocol.md P24.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from audit.selectors.people import known_people
from chancery.objects.feed import derived_feed_id
from chancery.policy.policy import Principal, PrincipalKind
from protection.models import Content, ContentRevocation, GrantBinding, ServiceSettings, TemplateVersion
from protection.services.feed import invalidate_issued_until_now, invalidated_since

MANY: Final = 1_000
"""From so many people on one entry invalidates what everybody keeps: a feed's month holds some ten thousand."""


@transaction.atomic
def propagate_revocation(
    *,
    people: Collection[UUID],
    groups: Collection[UUID],
    addresses: Collection[str],
    joined: bool,
    device_feed_id: bytes | None,
    propagated_since: datetime | None = None,
) -> bool:
    """Invalidate what those of the people hold who were ever licensed here; tell whether these are all of them.

    With ``groups`` only what these gave was lost, or, if the people ``joined`` them, what these are shut out of: when
    nothing here is given or denied to any of them, nobody is concerned, however often an organization that this one has
    nothing to do with changes its groups.  ``addresses`` are those of the groups, by which entries deny.

    At a later look at the same revocation ``propagated_since`` is its time: people with an entry since get no
    second one.
    """
    if groups and not (_shut_out(groups, addresses) if joined else _gave(groups)):
        return False
    concerned = known_people(people)
    if concerned:
        lost = {device_feed_id} if device_feed_id is not None else _feed_ids(concerned)
        for feed_id in sorted(lost if propagated_since is None else lost - invalidated_since(propagated_since, lost)):
            invalidate_issued_until_now(feed_id)
    return concerned == set(people)


def _gave(groups: Collection[UUID]) -> bool:
    return GrantBinding.objects.filter(identity__in=groups).exists()


def _shut_out(groups: Collection[UUID], addresses: Collection[str]) -> bool:
    """Tell whether a revocation or a deny entry of a document or template names one of the groups.

    Documents are many, so an index answers for their entries; templates are few.
    """
    denied = [str(Principal(PrincipalKind.ADDRESS, address)) for address in addresses]
    return (
        ContentRevocation.objects.filter(Q(identity__in=groups) | Q(address__in=addresses)).exists()
        or Content.objects.filter(policy__deny__has_any_keys=denied).exists()
        or TemplateVersion.objects.filter(policy__deny__has_any_keys=denied).exists()
    )


def _feed_ids(people: Collection[UUID]) -> set[bytes]:
    service = ServiceSettings.objects.get(id=1)
    identities = [service.organization_id] if len(people) >= MANY else people
    return {derived_feed_id(bytes(service.feed_secret), identity) for identity in identities}
