"""The fast path's two statements: one reads everything a decision rests on, one records it if nothing has moved."""

import functools
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import RowMaker
from psycopg_pool import PoolTimeout

from audit.statements import record, record_many
from chancery.errors import InvalidObject, Unavailable
from chancery.policy.subject import Subject
from chancery.texts import message
from portal.fastpath.pool import pool
from portal.identity.strength import Authentication
from portal.subjects.subject import subject_of
from portal.subjects.visible_people import reader_at
from protection.selectors.counted import (
    BUDGETS,
    COUNTED,
    IF_TAKEN,
    KNOWN_TO_DEVICE,
    PAUSED,
    TAKEN,
    Counting,
    budgets_used,
)
from protection.selectors.licensing import (
    CONTENT_STATE,
    FIRST_OPENINGS,
    FIRST_SEEN,
    UNMOVED,
    content_state,
    service_state,
)
from protection.selectors.named_grant import NAMED_GRANT, OPENED, OPENED_UNDER_GRANT, UnderGrant, named_grant
from protection.selectors.named_permission import (
    NAMED_PERMISSION,
    READ_BY_PERMISSION,
    NamedPermission,
    named_permission,
)
from protection.services.license_request import NamedAccess, Reading
from protection.services.register_on_first_use import LicenseRequestItem
from tenants.directory.selectors.subject import SubjectRow, from_json, from_row, parameters
from tenants.directory.statements import EPOCH_SQL, LICENSED_AT_SQL, SUBJECT_SQL
from tenants.organizations.models import Organization
from tenants.organizations.selectors import OrganizationFacts

_KEPT_STATEMENTS: Final = 4_096
DEADLINE_SECONDS: Final = 5.0
"""Longer than both statements and their waiting for a connection may take; later, nobody waits for the license."""
_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")

_TOGETHER: Final = """
with subject as ({subject}), documents as ({documents}){named}
select subject.*, o.state as organization_state, o.service_active, {grant} as super_user_grant,
    {permission} as read_permission, {behalf} as behalf,
    {used} as budgets_used, null as documents_follow, documents.*, {known} as known_to_device
from documents
left join public.organizations_organization o on documents.position = 1 and o.id = %(organization)s::uuid
left join subject on documents.position = 1
order by documents.position
"""
_HALVES: Final = {"subject": SUBJECT_SQL.replace("{}", "{{}}"), "documents": CONTENT_STATE}


def _about_person(statement: str) -> str:
    """Return a statement about the person for whom an application reads instead of the one who asks."""
    for name, other in _OF_PERSON.items():
        statement = statement.replace(name, other)
    return statement


_OF_PERSON: Final = {"%(person)s": "%(for_person)s", "%(concerned)s": "%(for_concerned)s", "%(epoch)s": "%(for_epoch)s"}
_NOTHING_NAMED: Final = {"named": "", "grant": "null", "permission": "null", "behalf": "null"}
_NAMED: Final = {
    "nothing": _NOTHING_NAMED,
    "grant": _NOTHING_NAMED
    | {"named": f", granted as ({NAMED_GRANT})", "grant": "(select to_jsonb(granted) from granted)"},
    "permission": _NOTHING_NAMED
    | {
        "documents": CONTENT_STATE.replace("%(reader)s::uuid", "coalesce(%(for_person)s::uuid, %(person)s::uuid)"),
        "named": f", permitted as ({NAMED_PERMISSION}), behalf as ({_about_person(_HALVES['subject'])})",
        "permission": "(select to_jsonb(permitted) from permitted)",
        "behalf": "(select to_jsonb(behalf) from behalf)",
    },
}
_WITHOUT_BUDGETS: Final = {"used": "null", "known": "false"}
_WITH_BUDGETS: Final = {"used": f"case when documents.position = 1 then ({BUDGETS}) end", "known": KNOWN_TO_DEVICE}
_STATE: Final = {
    (what, budgets is _WITH_BUDGETS): _TOGETHER.format(**_HALVES | named | budgets)
    for what, named in _NAMED.items()
    for budgets in (_WITHOUT_BUDGETS, _WITH_BUDGETS)
}
"""Both packages' halves of the deciding statement as one: person and organization are in the first row only.

There is one for requests that name a super-user grant, one for applications that name a read permission, with the
person for whom they read, and one of each for organizations with budgets, so that nobody else pays for any; even what
is planned and never run costs something."""
_EPOCH: Final = f"and ({EPOCH_SQL}) = %(epoch)s"
_EPOCH_OF_PERSON: Final = _about_person(_EPOCH)
_budgeted: Final[set[UUID]] = set()
"""Organizations that had budgets when they were last read here: which statement to try first, and nothing else."""

_BIND = """
insert into {schema}protection_grantbinding (scope, address, identity)
select * from unnest(%(scopes)s::uuid[], %(addresses)s::text[], %(identities)s::uuid[])
on conflict (scope, address) do nothing
"""


class NobodyHere(Exception):
    """The person of the token or the device of the proof is not in the directory any more."""


@dataclass(frozen=True, slots=True)
class FastPathDatabase:
    """The port of ``protection.services.decide`` for one person on one device at one organization."""

    organization: OrganizationFacts
    person: UUID
    device: UUID
    authentication: Authentication
    ip: str
    named: NamedAccess = field(default_factory=NamedAccess)
    began: float = field(default_factory=time.monotonic)

    def check_time(self) -> None:
        """Raise Unavailable when the caller was answered meanwhile that nothing was issued (docs/protocol.md P29)."""
        if time.monotonic() - self.began > DEADLINE_SECONDS:
            raise Unavailable(message("The decision took too long, so nothing was issued."))

    def read(self, items: Sequence[LicenseRequestItem]) -> Reading:
        """Read directory, organization and documents in one statement.

        Raises NobodyHere, and Unavailable when the database does not answer in time.
        """
        asked = {
            **parameters(self.person, self.organization.id, self.device),
            "reader": self.person,
            "pls": [item.pl for item in items],
            "seals": [item.seal for item in items],
            "super_user_grant": self.named.super_user_grant,
            "read_permission": self.named.read_permission,
            "for_person": self.named.for_person,
        }
        tried = self.organization.id in _budgeted
        rows = self._rows(asked, budgets=tried)
        if rows[0][1]["budgets"] and not tried:
            _budgeted.add(self.organization.id)
            rows = self._rows(asked, budgets=True)
        elif tried and not rows[0][1]["budgets"]:
            _budgeted.discard(self.organization.id)
        first = rows[0][0]
        if first["is_active"] is None or first["device_id"] is None or first["organization_state"] is None:
            raise NobodyHere
        return self._reading(from_row(self.person, first), first, [documents for _, documents in rows])

    def _rows(self, asked: Mapping[str, object], *, budgets: bool) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        statement = _STATE[self._what_is_named(), budgets]
        try:
            with pool().connection() as connection, connection.cursor(row_factory=_halves) as cursor:
                rows = cursor.execute(*self._prepared(statement, asked)).fetchall()
        except (psycopg.Error, PoolTimeout) as error:
            raise Unavailable(message("The database did not answer in time.")) from error
        if not rows:
            raise Unavailable(
                message("This organization has not been activated."), remedy=message("Ask its administrator.")
            )
        return rows

    def _what_is_named(self) -> str:
        if self.named.read_permission is not None:
            return "permission"
        return "nothing" if self.named.super_user_grant is None else "grant"

    def _reading(self, row: SubjectRow, state: dict[str, Any], documents: list[dict[str, Any]]) -> Reading:
        if row.device is None:
            raise NobodyHere
        named = state["super_user_grant"]
        subject = subject_of(
            row, organization=self.organization.id, strength=self.authentication.strength, network=self.ip
        )
        person, about = self.named.for_person, state["behalf"]
        behalf = None if person is None or about is None else from_json(person, about)
        return Reading(
            service=service_state(documents[0]),
            subject=subject,
            home=self.authentication.home,
            organization_active=state["organization_state"] == Organization.State.ACTIVE,
            service_active=state["service_active"],
            device_feed_id=row.device.feed_id,
            address=row.email,
            name=row.name,
            documents=tuple(content_state(document) for document in documents),
            grant=None if named is None else named_grant(named, [group.id for group in row.groups if group.live]),
            budgets=budgets_used(state["budgets_used"]) if documents[0]["budgets"] else None,
            permission=self._permission(state["read_permission"], behalf, subject),
            marker={
                "feed_seq": documents[0]["feed_seq"],
                "person": self.person,
                "concerned": list(row.concerned),
                "epoch": row.epoch,
                **(
                    {}
                    if behalf is None
                    else {
                        "for_person": behalf.person_id,
                        "for_concerned": list(behalf.concerned),
                        "for_epoch": behalf.epoch,
                    }
                ),
            },
        )

    def _permission(
        self, found: dict[str, Any] | None, behalf: SubjectRow | None, reader: Subject
    ) -> NamedPermission | None:
        """Return the named permission, with the person for whom is read."""
        if found is None:
            return None
        here = self.organization.id
        person = None if behalf is None else reader_at(here, behalf, device=reader.device, network=self.ip)
        return named_permission(found, here, person, names_person=self.named.for_person is not None)

    def record(
        self,
        events: Sequence[dict[str, object]],
        reading: Reading,
        *,
        first_openings: Sequence[UUID] = (),
        first_seen: Sequence[bytes] = (),
        under_grant: Sequence[UnderGrant] = (),
        counting: Counting | None = None,
        read: Sequence[tuple[UUID, UUID]] = (),
    ) -> bool:
        """Write all events in one durable statement, unless what they were decided on has moved.

        An empty marker records without a condition: what happened after a decision is true whatever has moved.
        """
        counted = () if counting is None else counting.contents
        first_part, only_if = _taken_first(counted, _unmoved(reading.marker))
        parts = (
            (FIRST_OPENINGS, first_openings),
            (LICENSED_AT_SQL, (*first_openings, *(one for one in under_grant if one.act == OPENED))),
            (FIRST_SEEN, first_seen),
            (OPENED_UNDER_GRANT, under_grant),
            (COUNTED, counted),
            (PAUSED, counting is not None and counting.paused_by is not None),
            (READ_BY_PERMISSION, read),
        )
        also = ",".join(part for part, concerned in parts if concerned)
        opened = {
            **self._values(reading, first_openings, first_seen),
            **(self._grant_values(reading, under_grant) if under_grant else {}),
            **(self._counted_values(reading, counting) if counting is not None else {}),
            **(self._permission_values(reading, read) if read else {}),
        }
        if len(events) == 1:
            statement, columns = record("{schema}", only_if, also, first_part), events[0]
        else:
            statement = record_many("{schema}", only_if, also, first_part)
            columns = {name: [event[name] for event in events] for name in events[0]}
        try:
            with pool().connection() as connection:
                values = {**columns, **opened, **reading.marker}
                written = connection.execute(*self._prepared(statement, values)).fetchone()
        except psycopg.errors.UniqueViolation as error:
            raise InvalidObject(
                message("This request was sent before."), remedy=message("Make a new request.")
            ) from error
        except (psycopg.Error, PoolTimeout) as error:
            raise Unavailable(message("The decision could not be recorded in time, so nothing was issued.")) from error
        # One event answers with its row, several with their count.
        return written is not None and (len(events) == 1 or written[0] == len(events))

    def _values(self, reading: Reading, first_openings: Sequence[UUID], first_seen: Sequence[bytes]) -> dict[str, Any]:
        return {
            "reader": self.person,
            "organization": self.organization.id,
            "opened_at": reading.service.now,
            "first_openings": list(first_openings),
            "first_seen": list(first_seen),
        }

    def _grant_values(self, reading: Reading, under_grant: Sequence[UnderGrant]) -> dict[str, Any]:
        return {
            "super_user_grant": self.named.super_user_grant,
            "notice_days": None if reading.grant is None else reading.grant.notice_days,
            "grant_events": [one.event for one in under_grant],
            "grant_contents": [one.cid for one in under_grant],
            "grant_owners": [one.owner for one in under_grant],
            "grant_addresses": [one.owner_address for one in under_grant],
            "grant_acts": [one.act for one in under_grant],
        }

    def _counted_values(self, reading: Reading, counting: Counting) -> dict[str, Any]:
        return {
            **counting.values(),
            "device": self.device,
            "paused_name": reading.name,
            "paused_application": not reading.address,
        }

    def _permission_values(self, reading: Reading, read: Sequence[tuple[UUID, UUID]]) -> dict[str, Any]:
        return {
            "read_permission": self.named.read_permission,
            "for_person": self.named.for_person,
            "for_address": "" if reading.permission is None else reading.permission.person_address,
            "read_events": [event for event, _ in read],
            "read_contents": [cid for _, cid in read],
        }

    def bind(self, bindings: Sequence[tuple[UUID, str, UUID]]) -> None:
        """Store whom an address meant when it was first resolved."""
        columns = {
            "scopes": [scope for scope, _, _ in bindings],
            "addresses": [address for _, address, _ in bindings],
            "identities": [identity for _, _, identity in bindings],
        }
        try:
            with pool().connection() as connection:
                connection.execute(*self._prepared(_BIND, columns))
        except (psycopg.Error, PoolTimeout) as error:
            raise Unavailable(message("The database did not answer in time.")) from error

    def _prepared(self, statement: str, values: Mapping[str, object]) -> tuple[bytes, list[object]]:
        """Return a statement with the organization's schema in front of its tables, and its values in order."""
        text, names = _numbered(statement, self.organization.schema_name)
        return text, [values[name] for name in names]


def _unmoved(marker: Mapping[str, Any]) -> str:
    """Return the condition under which a decision may be recorded: nothing moved that the marker names."""
    if not marker:
        return ""
    return f"{UNMOVED} {_EPOCH} {_EPOCH_OF_PERSON}" if "for_epoch" in marker else f"{UNMOVED} {_EPOCH}"


def _taken_first(counted: Sequence[UUID], only_if: str) -> tuple[str, str]:
    """Return what is counted before anything is recorded, and under which condition it is recorded then."""
    return (TAKEN.replace("{only_if}", only_if), IF_TAKEN) if counted else ("", only_if)


def _halves(cursor: psycopg.Cursor[Any]) -> RowMaker[tuple[dict[str, Any], dict[str, Any]]]:
    """Split rows of ``_STATE`` into the directory's and the documents' columns, some of which share a name."""
    result = cursor.pgresult
    names = [] if result is None else [(result.fname(number) or b"").decode() for number in range(result.nfields)]
    border = names.index("documents_follow") if names else 0
    first, second = names[:border], names[border + 1 :]

    def make(values: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        return dict(zip(first, values, strict=False)), dict(zip(second, values[border + 1 :], strict=True))

    return make


@functools.lru_cache(maxsize=_KEPT_STATEMENTS)
def _numbered(statement: str, schema: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the text of a statement for one schema with ``$1`` for ``%(name)s``, and the names in that order.

    Putting the text together costs as much as sending it, and the library reads placeholders anew in each call when a
    statement is as long as ours; numbered ones it takes as they are.
    """
    qualified = sql.SQL(statement).format(schema=sql.SQL("{}.").format(sql.Identifier(schema))).as_string()
    names = tuple(dict.fromkeys(_PLACEHOLDER.findall(qualified)))
    return _PLACEHOLDER.sub(lambda found: f"${names.index(found[1]) + 1}", qualified).encode(), names
