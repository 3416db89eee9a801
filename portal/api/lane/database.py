"""The lane's two statements: one reads everything a decision rests on, one records it if nothing has moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg_pool import PoolTimeout

from audit.statements import record_many
from portal.api.lane.pool import pool
from portal.identity.strength import Authentication
from portal.identity.subject import subject_of
from protection.errors import Unavailable
from protection.selectors.licensing import CONTENT_STATE, UNMOVED, content_state, service_state
from protection.services.arrive import Wanted
from protection.services.license import Reading
from tenants.directory.selectors.subject import SubjectRow, from_row, parameters
from tenants.directory.statements import EPOCH_SQL, SUBJECT_SQL
from tenants.organizations.models import Organization
from tenants.organizations.selectors import OrganizationFacts

_ORGANIZATION = """
select state, service_active from public.organizations_organization where id = %(organization)s::uuid
"""

_BIND = """
insert into {schema}protection_grantbinding (scope, address, identity)
select * from unnest(%(scopes)s::uuid[], %(addresses)s::text[], %(identities)s::uuid[])
on conflict (scope, address) do nothing
"""


class NobodyHere(Exception):
    """The person of the token or the device of the proof is not in the directory any more."""


@dataclass(frozen=True, slots=True)
class LaneDatabase:
    """The port of ``protection.services.license`` for one person on one device at one organization."""

    organization: OrganizationFacts
    person: UUID
    device: UUID
    authentication: Authentication
    ip: str

    def read(self, wanted: Sequence[Wanted]) -> Reading:
        """Read directory, organization and documents in one round trip.

        Raises NobodyHere, and Unavailable when the database does not answer in time.
        """
        subject_parameters = parameters(self.person, self.organization.id, self.device)
        try:
            with pool().connection() as connection, connection.pipeline():
                directory = connection.execute(SUBJECT_SQL, subject_parameters)
                organization = connection.execute(_ORGANIZATION, {"organization": self.organization.id})
                documents = connection.execute(
                    self._qualified(CONTENT_STATE),
                    {"pls": [item.pl for item in wanted], "seals": [item.seal for item in wanted]},
                )
                who, state, rows = directory.fetchone(), organization.fetchone(), documents.fetchall()
        except (psycopg.Error, PoolTimeout) as error:
            raise Unavailable("The database did not answer in time.") from error
        if who is None or who["device_id"] is None or state is None:
            raise NobodyHere
        return self._reading(from_row(self.person, who), state, rows)

    def _reading(self, row: SubjectRow, state: dict[str, Any], documents: list[dict[str, Any]]) -> Reading:
        if not documents or row.device is None:
            raise Unavailable("This organization has not been activated.", remedy="Ask its administrator.")
        subject = subject_of(
            row, organization=self.organization.id, strength=self.authentication.strength, network=self.ip
        )
        return Reading(
            service=service_state(documents[0]),
            subject=subject,
            organization_active=state["state"] == Organization.State.ACTIVE,
            service_active=state["service_active"],
            device_feed_id=row.device.feed_id,
            address=row.email,
            name=row.name,
            documents=tuple(content_state(document) for document in documents),
            marker={
                "feed_seq": documents[0]["feed_seq"],
                "person": self.person,
                "concerned": list(row.concerned),
                "epoch": row.epoch,
            },
        )

    def record(self, events: Sequence[dict[str, object]], reading: Reading) -> bool:
        """Write all events in one durable statement, unless what they were decided on has moved.

        An empty marker records without a condition: what happened after a decision is true whatever has moved.
        """
        only_if = f"{UNMOVED} and ({EPOCH_SQL}) = %(epoch)s" if reading.marker else ""
        columns: dict[str, Any] = {name: [event[name] for event in events] for name in events[0]}
        try:
            with pool().connection() as connection:
                written = connection.execute(
                    self._qualified(record_many("{schema}", only_if)), {**columns, **reading.marker}
                ).fetchone()
        except (psycopg.Error, PoolTimeout) as error:
            raise Unavailable("The decision could not be recorded in time, so nothing was issued.") from error
        return written is not None and written["count"] == len(events)

    def bind(self, bindings: Sequence[tuple[UUID, str, UUID]]) -> None:
        """Store whom an address meant when it was first resolved."""
        columns = {
            "scopes": [scope for scope, _, _ in bindings],
            "addresses": [address for _, address, _ in bindings],
            "identities": [identity for _, _, identity in bindings],
        }
        try:
            with pool().connection() as connection:
                connection.execute(self._qualified(_BIND), columns)
        except (psycopg.Error, PoolTimeout) as error:
            raise Unavailable("The database did not answer in time.") from error

    def _qualified(self, statement: str) -> sql.Composed:
        """Return a statement with the organization's schema in front of its tables."""
        schema = sql.SQL("{}.").format(sql.Identifier(self.organization.schema_name))
        return sql.SQL(statement).format(schema=schema)
