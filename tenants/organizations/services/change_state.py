"""Move an organization from one state to another, in one place, so that every move is recorded in both ledgers."""

from uuid import UUID

from django.db import transaction
from django.db.models import F

from audit.services.record import record
from audit.statements import Personal
from tenants.actor import Actor
from tenants.context import UnknownOrganization, in_schema
from tenants.events import DirectoryKind
from tenants.organizations.models import Organization
from tenants.organizations.selectors import forget_hosts
from tenants.organizations.services.record_operator import record_operator


class WrongState(Exception):
    """The organization is not in the state from which this step leads on."""


@transaction.atomic
def change_state(
    *, organization_id: UUID, before: str, after: str, kind: DirectoryKind, reason: str, actor: Actor
) -> None:
    """Compare and swap the state; raise when somebody else was faster or the step makes no sense."""
    moved = Organization.objects.filter(id=organization_id, state=before).update(
        state=after, directory_epoch=F("directory_epoch") + 1
    )
    if not moved:
        if not Organization.objects.filter(id=organization_id).exists():
            raise UnknownOrganization(f"There is no organization {organization_id}.")
        raise WrongState(f"The organization is not {before}.")
    note_step(organization_id=organization_id, kind=kind, reason=reason, actor=actor)


def note_step(*, organization_id: UUID, kind: DirectoryKind, reason: str, actor: Actor) -> None:
    """Record an operator's or administrator's step in the operators' record and in the organization's ledger."""
    record_operator(kind=kind, actor=actor, organization_id=organization_id, details={"reason": reason})
    schema = Organization.objects.values_list("schema_name", flat=True).get(id=organization_id)
    with in_schema(schema):
        record(
            kind=kind.value,
            outcome="done",
            source=actor.source,
            personal=Personal(
                person_id=actor.person_id,
                name=actor.name,
                ip=actor.ip,
                actor=actor.address,
                application=actor.application,
            ),
            details={"reason": reason} if reason else None,
        )
    transaction.on_commit(forget_hosts)
