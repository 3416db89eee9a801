"""What super users' clients report of what they opened under a grant belongs to the grant, as the opening does."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from protection.models import SuperUserGrant, SuperUserOpening


class Act(Protocol):
    """One action that a client reports."""

    @property
    def id(self) -> UUID:
        """The id of its event."""

    @property
    def action(self) -> str:
        """What was done."""

    @property
    def license(self) -> UUID | None:
        """The license under which it was done, whose id is that of the opening's event."""


def note_acts_under_grants(person: UUID, acts: Sequence[Act]) -> None:
    """Note which acts were done under grants of this person, so that owners see them when they see the opening."""
    licenses = {one.license for one in acts if one.license is not None}
    if not licenses:
        return
    own = SuperUserGrant.objects.filter(holder=person).values("id")
    openings = {one.event_id: one for one in SuperUserOpening.objects.filter(event_id__in=licenses, grant_id__in=own)}
    rows = [
        SuperUserOpening(
            event_id=act.id,
            grant_id=opening.grant_id,
            content_id=opening.content_id,
            owner_id=opening.owner_id,
            owner_address=opening.owner_address,
            at=opening.at,
            act=act.action,
            tell_at=None,
            shown_at=opening.shown_at,
        )
        for act in acts
        if act.license is not None and (opening := openings.get(act.license)) is not None
    ]
    SuperUserOpening.objects.bulk_create(rows, ignore_conflicts=True)
