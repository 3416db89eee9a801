"""Keep people, mail domains and organizations out of one organization, or let them in again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory.administrators import require_one_let_in
from tenants.directory.change import note
from tenants.directory.errors import NotHere, NotPermitted
from tenants.directory.models import Block
from tenants.directory.revocations import record_revocation
from tenants.directory.selectors.blocks import BlockedName, people_reached
from tenants.directory.selectors.subject import subject_row
from tenants.events import DirectoryKind
from tenants.organizations.models import Organization


@transaction.atomic
def block(
    *, organization_id: UUID, names: Sequence[BlockedName], reason: str, until: datetime | None, actor: Actor
) -> int:
    """Keep those of these names out that are not yet; return how many are new.

    What they keep is noted as withdrawn.  Raises NotPermitted where the actor would be among them, and
    LastAdministrator where no administrator would be left.
    """
    # Two administrators who block each other at once wait here, so that one of them is left.
    Organization.objects.select_for_update().get(id=organization_id)
    Block.objects.within(organization_id).filter(value__in=[one.value for one in names], until__lte=Now()).delete()
    known = set(
        Block.objects.within(organization_id)
        .filter(value__in=[one.value for one in names])
        .values_list("value", flat=True)
    )
    fresh = {one.value: one for one in names if one.value not in known}
    for one in fresh.values():
        Block.objects.create(
            organization_id=organization_id,
            kind=one.kind,
            value=one.value,
            subdomains=one.subdomains,
            person_id=one.person_id,
            reason=reason,
            until=until,
            made_by=actor.person_id,
            made_by_address=actor.address,
        )
    _refuse_oneself(organization_id, actor)
    require_one_let_in(organization_id)
    record_revocation(people_reached(organization_id, tuple(fresh.values())), organization_id=organization_id)
    for one in fresh.values():
        note(
            kind=DirectoryKind.BLOCK_MADE,
            organizations=[organization_id],
            actor=actor,
            title=one.value,
            details={
                "kind": one.kind,
                "reason": reason,
                **({"until": int(until.timestamp())} if until else {}),
                **({"subdomains": True} if one.subdomains else {}),
            },
        )
    return len(fresh)


@transaction.atomic
def unblock(*, organization_id: UUID, block_id: UUID, reason: str = "", actor: Actor) -> str:
    """Let somebody in again; return the name.  Raises NotHere, and NotPermitted for whom the block keeps out."""
    Organization.objects.select_for_update().get(id=organization_id)
    _refuse_oneself(organization_id, actor)
    row = Block.objects.within(organization_id).filter(id=block_id).first()
    if row is None:
        raise NotHere(_("There is no such block."))
    row.delete()
    note(
        kind=DirectoryKind.BLOCK_REMOVED,
        organizations=[organization_id],
        actor=actor,
        title=row.value,
        details={"kind": row.kind, **({"reason": reason} if reason else {})},
    )
    return row.value


def _refuse_oneself(organization_id: UUID, actor: Actor) -> None:
    """Refuse where the list keeps out who acts on it, by any name: so a last administrator is always left."""
    row = None if actor.person_id is None else subject_row(actor.person_id, organization_id)
    if row is not None and row.blocks:
        raise NotPermitted(
            _("You cannot block yourself: {name} means you, too.").format(name=", ".join(sorted(row.blocks)))
        )
