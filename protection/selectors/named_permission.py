"""Read permissions in the decision: the one that a license request names, and what is read by it.

See docs/protocol.md P31.  A request that names none never comes here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from chancery.policy.case import ReadPermission as DecidedPermission
from chancery.policy.subject import Subject
from chancery.texts import message
from protection.models import ApprovalState as State
from protection.models import ReadPermissionKind as Kind
from protection.selectors.licensing import ContentState
from protection.selectors.scopes import NAMED_COLUMNS, Scope, id_of, scope_of_json

NAMED_PERMISSION: Final = """
select {named}, g.kind, g.asked_by, g.asked_address, g.asked_at, g.people, g.people_group
from {schema}protection_readpermission g
where g.id = %(read_permission)s::uuid and g.holder = %(person)s::uuid
""".replace("{named}", NAMED_COLUMNS)
"""The permission of its own that an application names: read in the deciding statement, if there is one."""

READ_BY_PERMISSION: Final = """
read_by_permission as (
    insert into {schema}protection_applicationreading as known
        (permission_id, content_id, person_id, person_address, first_at, last_at, times, last_event)
    select %(read_permission)s::uuid, read.cid, %(for_person)s::uuid, %(for_address)s::text,
        to_timestamp(%(opened_at)s::bigint), to_timestamp(%(opened_at)s::bigint), count(*), (array_agg(read.event))[1]
    from unnest(%(read_events)s::uuid[], %(read_contents)s::uuid[]) as read (event, cid)
    where exists (select from event)
    group by read.cid order by read.cid
    on conflict (permission_id, content_id, person_id) do update
        set last_at = excluded.last_at, times = known.times + excluded.times, last_event = excluded.last_event
)
"""
"""What is written with the events: one row for each document, however often an index reads it.

In the order of their ids, so that two batches that read the same documents wait for each other and end.
"""


@dataclass(frozen=True, slots=True)
class NamedPermission:
    """The read permission of a license request, as it was when the documents were read."""

    id: UUID
    number: int
    reason: str
    case: str
    approved_by: str
    scope: Scope
    person_address: str
    """Under which address the person is known for whom is read, "" for nobody."""
    permission: DecidedPermission
    """As the decision sees it; whether it covers a document is said by ``covering``."""
    fits: bool
    """Whether the request names a person exactly where the permission is one to read for people."""
    waits: bool
    """Whether nobody has answered it yet."""
    asked_by: str
    asked_at: datetime

    @property
    def was_approved(self) -> bool:
        """Tell whether somebody approved it, also where it is over by now.

        An attempt with a permission that nobody approved is one like any other, which owners see.
        """
        return self.permission.starts > 0

    def covering(self, state: ContentState) -> DecidedPermission:
        """Return the permission as the decision about one document sees it."""
        return replace(self.permission, covers=self.fits and self.scope.covers(state))

    def of_paused_person(self) -> "NamedPermission":
        """Return the permission for a person who is paused: nothing is read for them.

        It is not what the organization may say of them, so an application does not learn why.
        """
        whole = self.permission.whole
        return replace(self, permission=replace(self.permission, whole=whole and replace(whole, paused=True)))

    def waiting_words(self) -> str:
        """Say since when it waits for approval, and who asked for it."""
        return message(
            "Read permission {number} waits for approval since {when}; {who} asked for it.",
            number=self.number,
            when=f"{self.asked_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
            who=self.asked_by,
        )

    def as_details(self) -> dict[str, Any]:
        """Return what an event says of it; people are in the personal record."""
        named = {"read_permission": str(self.id), "permission_number": self.number, "reason": self.reason}
        approver = {} if self.permission.approver is None else {"approved_by": str(self.permission.approver)}
        case = {"case": self.case} if self.case else {}
        return {**named, **approver, **case, **({"for_person": True} if self.permission.for_person else {})}


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom an application reads: as the organization knows them, with all that they are, and their address."""

    known: Subject
    whole: Subject
    address: str


def named_permission(
    row: Mapping[str, Any], organization: UUID, reader: Reader | None, *, names_person: bool
) -> NamedPermission:
    """Return what ``NAMED_PERMISSION`` read, as JSON, for a request that may name a person for whom is read.

    Who approved it is left out of a permission that is not active, so that it gives nothing; a person whom it does not
    include is left out as well.
    """
    for_person = row["kind"] == Kind.FOR_USER
    included = reader if reader and for_person and _includes(row, organization, reader.known) else None
    return NamedPermission(
        id=UUID(row["id"]),
        number=row["number"],
        reason=row["reason"],
        case=row["case_number"],
        approved_by=row["answered_address"],
        scope=scope_of_json(row),
        person_address="" if reader is None else reader.address,
        permission=DecidedPermission(
            id=UUID(row["id"]),
            holder=UUID(row["holder"]),
            asked_by=UUID(row["asked_by"]),
            approver=id_of(row["answered_by"]) if row["state"] == State.ACTIVE else None,
            starts=row["starts"] or 0,
            ends=row["ends"] or 0,
            covers=False,
            for_person=for_person,
            person=None if included is None else included.known,
            whole=None if included is None else included.whole,
        ),
        fits=names_person == for_person,
        waits=row["state"] == State.WAITING,
        asked_by=row["asked_address"],
        asked_at=datetime.fromisoformat(row["asked_at"]),
    )


def _includes(row: Mapping[str, Any], organization: UUID, person: Subject) -> bool:
    """Tell whether the permission is for this person: a member, and named or in the group if any is."""
    if not person.is_member(organization):
        return False
    if row["people_group"] is not None:
        return UUID(row["people_group"]) in {group.id for group in person.groups if group.live}
    return row["people"] is None or str(person.person) in row["people"]
