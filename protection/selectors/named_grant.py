"""Super-user grants in the decision: the one that a license request names, and what is opened under it.

See docs/protocol.md P21.  A request that names none never comes here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from chancery.policy.case import SuperUserGrant as DecidedGrant
from protection.models import ApprovalState as State
from protection.selectors.licensing import ContentState
from protection.selectors.scopes import NAMED_COLUMNS, Scope, id_of, scope_of_json

OPENED: Final = "opened"
REFUSED: Final = "refused"

NAMED_GRANT: Final = """
select {named}, g.notice_days, g.presented_by, g.presented_address,
    s.super_users_on, s.super_users_group,
    exists (select from {schema}protection_superuser u where u.person_id = g.holder) as listed
from {schema}protection_superusergrant g join {schema}protection_servicesettings s on s.id = 1
where g.id = %(super_user_grant)s::uuid and g.holder = %(person)s::uuid
""".replace("{named}", NAMED_COLUMNS)
"""The grant of their own that somebody names in a license request: read in the deciding statement, if there is one."""

OPENED_UNDER_GRANT: Final = """
opened_under_grant as (
    insert into {schema}protection_superuseropening
        (event_id, grant_id, content_id, owner_id, owner_address, at, act, tell_at, shown_at)
    select new.event, %(super_user_grant)s::uuid, new.cid, new.owner, new.address, opening.at, new.act,
        case when new.act = 'opened' and new.owner <> %(reader)s::uuid then opening.shown end, opening.shown
    from unnest(%(grant_events)s::uuid[], %(grant_contents)s::uuid[], %(grant_owners)s::uuid[],
        %(grant_addresses)s::text[], %(grant_acts)s::text[]) as new (event, cid, owner, address, act),
        (select moment as at, moment + make_interval(days => %(notice_days)s::int) as shown
         from to_timestamp(%(opened_at)s::bigint) as moment) as opening
    where exists (select from event)
)
"""
"""What is written with the events: which of them rest on the grant, refused attempts too, and when owners are told."""


@dataclass(frozen=True, slots=True)
class UnderGrant:
    """A document that is opened under a super-user grant, or was tried to, and whose it is."""

    event: UUID
    cid: UUID
    owner: UUID
    owner_address: str
    act: str

    @classmethod
    def of(cls, event: UUID, state: ContentState, *, opened: bool) -> "UnderGrant":
        """Return it for the event of a decision about a document."""
        facts = state.facts
        return cls(event, facts.cid, facts.owner, state.owner_address, OPENED if opened else REFUSED)


@dataclass(frozen=True, slots=True)
class NamedGrant:
    """The grant of a license request, as it was when the documents were read."""

    id: UUID
    number: int
    reason: str
    case: str
    approved_by: str
    notice_days: int | None
    scope: Scope
    grant: DecidedGrant
    """As the decision sees it; whether it covers a document is said by ``covering``."""

    @property
    def was_approved(self) -> bool:
        """Tell whether somebody approved it, also where it is over by now.

        An attempt with a grant that nobody approved is one like any other, which owners see.
        """
        return self.grant.starts > 0

    def covering(self, state: ContentState) -> DecidedGrant:
        """Return the grant as the decision about one document sees it."""
        return replace(self.grant, covers=self.scope.covers(state))

    def as_details(self) -> dict[str, Any]:
        """Return what an event says of it; who approved it is also in the personal record."""
        named = {"super_user_grant": str(self.id), "grant_number": self.number, "reason": self.reason}
        approver = {} if self.grant.approver is None else {"approved_by": str(self.grant.approver)}
        return {**named, **approver, **({"case": self.case} if self.case else {})}


def named_grant(row: Mapping[str, Any], groups: Collection[UUID]) -> NamedGrant:
    """Return what ``NAMED_GRANT`` read, as JSON; ``groups`` are those that hold its person now.

    Who approved it is left out of a grant that is not active, so that it gives nothing.
    """
    active, group = row["state"] == State.ACTIVE, id_of(row["super_users_group"])
    emergency = row["presented_by"] not in (None, row["answered_by"])
    return NamedGrant(
        id=UUID(row["id"]),
        number=row["number"],
        reason=row["reason"],
        case=row["case_number"],
        approved_by=f"{row['presented_address']}, {row['answered_address']}" if emergency else row["answered_address"],
        notice_days=row["notice_days"],
        scope=scope_of_json(row),
        grant=DecidedGrant(
            id=UUID(row["id"]),
            holder=UUID(row["holder"]),
            approver=id_of(row["answered_by"]) if active else None,
            starts=row["starts"] or 0,
            ends=row["ends"] or 0,
            eligible=row["super_users_on"] and (row["listed"] or group in groups),
            covers=False,
        ),
    )
