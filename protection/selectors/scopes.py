"""Scopes: which documents a super-user grant or a read permission covers (docs/protocol.md P21, P31)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import QuerySet

from chancery.policy.policy import Principal, PrincipalKind
from protection.models import Content, ScopedRequest
from protection.selectors.document_list import granting_to
from protection.selectors.licensing import ContentState

NAMED_COLUMNS: Final = """g.id, g.number, g.holder, g.reason, g.case_number, g.cids, g.template_id, g.label_id,
    g.owner_id, g.group_id, g.group_address, g.state, g.answered_by, g.answered_address,
    floor(extract(epoch from g.starts))::bigint as starts, floor(extract(epoch from g.ends))::bigint as ends,
    extract(epoch from g.protected_from) as since, extract(epoch from g.protected_until) as until"""
"""What the deciding statement reads of a grant or permission ``g`` that a request names."""


MAX_LISTED: Final = 200
AnyRequest = TypeVar("AnyRequest", bound=ScopedRequest)


def newest_first(
    rows: QuerySet[AnyRequest], *, holder: UUID | None, state: str, limit: int, before: int | None
) -> QuerySet[AnyRequest]:
    """Return grants or permissions, the newest first: all, or those of one holder.

    ``before`` is the number of the last one seen.
    """
    if holder is not None:
        rows = rows.filter(holder=holder)
    if state:
        rows = rows.filter(state=state)
    if before is not None:
        rows = rows.filter(number__lt=before)
    return rows.order_by("-number")[: max(1, min(limit, MAX_LISTED))]


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


def scope_of(row: ScopedRequest) -> Scope:
    """Return the scope of a row."""
    return Scope(
        cids=None if row.cids is None else tuple(row.cids),
        template=row.template_id,
        label=row.label_id,
        owner=row.owner_id,
        owner_address=row.owner_address,
        group=row.group_id,
        group_address=row.group_address,
        since=row.protected_from,
        until=row.protected_until,
    )


def columns_of(scope: Scope) -> dict[str, Any]:
    """Return a scope as the columns of a row."""
    return {
        "cids": None if scope.cids is None else list(scope.cids),
        "template_id": scope.template,
        "label_id": scope.label,
        "owner_id": scope.owner,
        "owner_address": scope.owner_address,
        "group_id": scope.group,
        "group_address": scope.group_address,
        "protected_from": scope.since,
        "protected_until": scope.until,
    }


def scope_of_json(row: Mapping[str, Any]) -> Scope:
    """Return the scope of what ``NAMED_COLUMNS`` read, as JSON."""
    return Scope(
        cids=None if row["cids"] is None else tuple(UUID(cid) for cid in row["cids"]),
        template=id_of(row["template_id"]),
        label=id_of(row["label_id"]),
        owner=id_of(row["owner_id"]),
        group=id_of(row["group_id"]),
        group_address=row["group_address"],
        since=_moment(row["since"]),
        until=_moment(row["until"]),
    )


def id_of(text: str | None) -> UUID | None:
    """Return an id that was read as JSON."""
    return None if text is None else UUID(text)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def documents_in(scope: Scope) -> QuerySet[Content]:
    """Return the registered documents that a scope covers now."""
    rows = Content.objects.all()
    if scope.cids is not None:
        rows = rows.filter(cid__in=list(scope.cids))
    if scope.template is not None:
        rows = rows.filter(template_id=scope.template)
    if scope.label is not None:
        rows = rows.filter(label_id=scope.label)
    if scope.owner is not None:
        rows = rows.filter(owner_id=scope.owner)
    if scope.group is not None:
        rows = rows.filter(granting_to(Principal(PrincipalKind.ADDRESS, scope.group_address)))
    if scope.since is not None:
        rows = rows.filter(published_at__gte=scope.since)
    return rows if scope.until is None else rows.filter(published_at__lt=scope.until)
