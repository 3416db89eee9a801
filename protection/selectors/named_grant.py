"""Super-user grants in the decision: the one that a license request names, and what is opened under it.

See docs/protocol.md P21.  A request that names none never comes here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from chancery.policy.case import SuperUserGrant as DecidedGrant
from chancery.policy.policy import Principal, PrincipalKind
from protection.models import SuperUserGrantState as State
from protection.selectors.licensing import ContentState

OPENED: Final = "opened"
REFUSED: Final = "refused"

NAMED_GRANT: Final = """
select g.id, g.number, g.holder, g.reason, g.case_number, g.notice_days, g.cids, g.template_id, g.label_id, g.owner_id,
    g.group_id, g.group_address, g.state, g.answered_by, g.answered_address, g.presented_by, g.presented_address,
    floor(extract(epoch from g.starts))::bigint as starts, floor(extract(epoch from g.ends))::bigint as ends,
    extract(epoch from g.protected_from) as since, extract(epoch from g.protected_until) as until,
    s.super_users_on, s.super_users_group,
    exists (select from {schema}protection_superuser u where u.person_id = g.holder) as listed
from {schema}protection_superusergrant g join {schema}protection_servicesettings s on s.id = 1
where g.id = %(super_user_grant)s::uuid and g.holder = %(reader)s::uuid
"""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which documents a grant covers: those that meet every condition that is set; without one, all.

    ``group`` covers what grants something to that group by name, ``since`` and ``until`` when a document was protected.
    """

    cids: tuple[UUID, ...] | None = None
    template: UUID | None = None
    label: UUID | None = None
    owner: UUID | None = None
    owner_address: str = ""
    group: UUID | None = None
    group_address: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_everything(self) -> bool:
        """Tell whether no condition is set."""
        conditions = (self.cids, self.template, self.label, self.owner, self.group, self.since, self.until)
        return all(one is None for one in conditions)

    def covers(self, state: ContentState) -> bool:
        """Tell whether a document lies in the scope, as it is now."""
        return (
            (self.cids is None or state.facts.cid in self.cids)
            and self.template in (None, state.template)
            and self.label in (None, state.label)
            and self.owner in (None, state.facts.owner)
            and (self.group is None or self._names_group(state))
            and (self.since is None or self.since.timestamp() <= state.published)
            and (self.until is None or state.published < self.until.timestamp())
        )

    def _names_group(self, state: ContentState) -> bool:
        """Tell whether the policy grants something to the group, and not to another one that had its address before."""
        policy = state.facts.policy
        name = Principal(PrincipalKind.ADDRESS, self.group_address)
        bound = state.facts.bindings.get(self.group_address, self.group)
        return policy is not None and name in policy.index and bound == self.group

    def as_json(self) -> dict[str, Any]:
        """Return the conditions that are set, as events and reports state them; addresses of people are not in it."""
        found = {
            "documents": None if self.cids is None else [str(one) for one in self.cids],
            "template": _text(self.template),
            "label": _text(self.label),
            "owner": _text(self.owner),
            "group": self.group_address or None,
            "since": None if self.since is None else self.since.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
        }
        return {name: value for name, value in found.items() if value is not None}


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
    active, group = row["state"] == State.ACTIVE, _id(row["super_users_group"])
    emergency = row["presented_by"] not in (None, row["answered_by"])
    return NamedGrant(
        id=UUID(row["id"]),
        number=row["number"],
        reason=row["reason"],
        case=row["case_number"],
        approved_by=f"{row['presented_address']}, {row['answered_address']}" if emergency else row["answered_address"],
        notice_days=row["notice_days"],
        scope=Scope(
            cids=None if row["cids"] is None else tuple(UUID(cid) for cid in row["cids"]),
            template=_id(row["template_id"]),
            label=_id(row["label_id"]),
            owner=_id(row["owner_id"]),
            group=_id(row["group_id"]),
            group_address=row["group_address"],
            since=_moment(row["since"]),
            until=_moment(row["until"]),
        ),
        grant=DecidedGrant(
            id=UUID(row["id"]),
            holder=UUID(row["holder"]),
            approver=_id(row["answered_by"]) if active else None,
            starts=row["starts"] or 0,
            ends=row["ends"] or 0,
            eligible=row["super_users_on"] and (row["listed"] or group in groups),
            covers=False,
        ),
    )


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
