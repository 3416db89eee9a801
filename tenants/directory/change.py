"""What every change to the directory does besides the change: raise epochs and record, in the same transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid4

from django.db.models import F

from audit.services.record import record, record_many
from audit.statements import Personal, event_parameters
from tenants.actor import OPERATOR, Actor
from tenants.context import in_schema
from tenants.directory.models import Membership, Person
from tenants.directory.selectors.groups import MemberFacts
from tenants.events import DirectoryKind
from tenants.organizations.models import Organization
from tenants.organizations.services.record_operator import record_operator

MOST_NAMED: Final = 100
"""How many members of a group one event names at most; of the others it says how many there were."""


def note(
    *,
    kind: DirectoryKind,
    organizations: Iterable[UUID],
    actor: Actor,
    person_id: UUID | None = None,
    addresses: Iterable[str] = (),
    title: str = "",
    device_id: UUID | None = None,
    details: Mapping[str, object] | None = None,
    recipient: str = "",
    changes: Sequence[Mapping[str, Any]] = (),
    bump_only: Iterable[UUID] = (),
) -> None:
    """Record a change in the ledger of each organization concerned and make older decisions be made again.

    The ledger names who acted; ``addresses`` and ``title`` name whom or what it happened to, ``recipient`` whose that
    is, ``changes`` what differs where that is personal: all of it is in the erasable part.  ``details`` must hold
    nothing personal.  What an operator does at the command line is in the operators' record too.

    Rows are updated in the order of their ids, so that two changes that touch the same organizations cannot wait for
    each other in a circle.
    """
    recorded = sorted(set(organizations))
    if actor == OPERATOR:
        _record_for_operators(kind, recorded, person_id)
    if person_id is not None:
        Person.objects.filter(id=person_id).update(epoch=F("epoch") + 1)
    for organization_id in sorted({*recorded, *bump_only}):
        Organization.objects.filter(id=organization_id).update(directory_epoch=F("directory_epoch") + 1)
    schemas = dict(Organization.objects.filter(id__in=recorded).values_list("id", "schema_name"))
    personal = Personal(
        person_id=actor.person_id,
        name=actor.name,
        ip=actor.ip,
        addresses=tuple(addresses),
        title=title,
        device_id=device_id,
        recipient=recipient,
        actor=actor.address,
        application=actor.application,
        changes=tuple(changes),
    )
    for organization_id in recorded:
        with in_schema(schemas[organization_id]):
            record(kind=kind.value, outcome="done", source=actor.source, personal=personal, details=details)


@dataclass(frozen=True, slots=True)
class Noted:
    """One of many changes of the same kind, in the words of ``note``."""

    title: str
    addresses: tuple[str, ...] = ()
    details: Mapping[str, object] = field(default_factory=dict, hash=False)
    changes: Sequence[Mapping[str, Any]] = ()


def note_each(*, kind: DirectoryKind, organization_id: UUID, actor: Actor, noted: Iterable[Noted]) -> None:
    """Record many changes in the ledger of one organization, each as an event of its own, as ``note`` does one."""
    Organization.objects.filter(id=organization_id).update(directory_epoch=F("directory_epoch") + 1)
    schema = Organization.objects.values_list("schema_name", flat=True).get(id=organization_id)
    events = [
        event_parameters(
            event_id=uuid4(),
            kind=kind.value,
            outcome="done",
            source=actor.source,
            personal=Personal(
                person_id=actor.person_id,
                name=actor.name,
                ip=actor.ip,
                addresses=one.addresses,
                title=one.title,
                actor=actor.address,
                application=actor.application,
                changes=tuple(one.changes),
            ),
            details=one.details,
        )
        for one in noted
    ]
    with in_schema(schema):
        record_many(events)


def _record_for_operators(kind: DirectoryKind, organizations: Sequence[UUID], person_id: UUID | None) -> None:
    record_operator(
        kind=kind,
        actor=OPERATOR,
        organization_id=organizations[0] if len(organizations) == 1 else None,
        details={} if person_id is None else {"target": str(person_id)},
    )


def raise_epochs(person_ids: Iterable[UUID]) -> None:
    """Make decisions about these people be made again.

    For changes that reach somebody from an organization that had nothing to do with them until now: its epoch was not
    among those that an earlier decision looked at.  The rows are locked in the order of their ids.
    """
    wanted = list(
        Person.objects.select_for_update().filter(id__in=set(person_ids)).order_by("id").values_list("id", flat=True)
    )
    Person.objects.filter(id__in=wanted).update(epoch=F("epoch") + 1)


def note_of_person(
    *,
    kind: DirectoryKind,
    person_id: UUID,
    actor: Actor,
    addresses: Iterable[str] = (),
    title: str = "",
    device_id: UUID | None = None,
    details: Mapping[str, object] | None = None,
    changes: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Record a change to a person's own rows in the ledgers of the organizations they are a member of.

    The event names whose rows they are.  Where the person is only a guest nothing is recorded, because it is not that
    organization's business, but its epoch rises.
    """
    places = Membership.objects.of_person(person_id).exclude(organization__state=Organization.State.ERASED)
    # An organization that removed the person learns nothing of what they do afterwards.
    rows = [
        (organization_id, guest or removed_at is not None)
        for organization_id, guest, removed_at in places.values_list("organization_id", "guest", "removed_at")
    ]
    whose = Person.objects.filter(id=person_id).values_list("email", "name").first() or ("", "")
    note(
        kind=kind,
        organizations=[organization_id for organization_id, guest in rows if not guest],
        bump_only=[organization_id for organization_id, guest in rows if guest],
        actor=actor,
        person_id=person_id,
        addresses=addresses,
        title=title,
        device_id=device_id,
        details=details,
        recipient=whose[0] or whose[1],
        changes=changes,
    )


def members_changed(*, added: Sequence[MemberFacts] = (), removed: Sequence[MemberFacts] = ()) -> list[dict[str, Any]]:
    """Return who came into a group and who left it, as an event states it; nothing where nobody did."""
    if not (added or removed):
        return []
    names = {
        name: [one.address or one.label for one in rows] for name, rows in (("added", added), ("removed", removed))
    }
    more = sum(max(0, len(rows) - MOST_NAMED) for rows in names.values())
    return [{"member": "members", **{name: rows[:MOST_NAMED] for name, rows in names.items()}, "more": more}]
