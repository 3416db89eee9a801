"""Super users: who may ask for a grant, what grants cover, and what was opened under them (docs/protocol.md P21)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, Q

from audit.selectors.schemas import schemas_where
from chancery.errors import NotFound
from chancery.ledger.kinds import Kind
from chancery.texts import message
from protection.models import ApprovalState as State
from protection.models import RecoveryKey, ServiceSettings, SuperUser, SuperUserGrant, SuperUserOpening
from protection.selectors.approvals import DUE, WAITS_DAYS
from protection.selectors.named_grant import REFUSED
from protection.selectors.scopes import Scope, newest_first, scope_of

_DUE: Final = """
exists (select from {schema}.protection_superusergrant where {due})
or exists (select from {schema}.protection_superuseropening where tell_at <= now())
""".replace("{due}", DUE)


@dataclass(frozen=True, slots=True)
class Eligible:
    """A person or application that is listed; ``application`` is called by its name instead of an address."""

    id: UUID
    address: str
    application: bool
    added_by: UUID
    added_at: datetime


@dataclass(frozen=True, slots=True)
class SuperUserSettings:
    """Who may ask for a grant, and after how many days owners are told what was opened."""

    on: bool
    people: tuple[Eligible, ...]
    group: UUID | None
    group_address: str
    group_by: UUID | None
    group_at: datetime | None
    notice_days: int

    def lists(self, person: UUID) -> bool:
        """Tell whether a person or application is listed by themselves."""
        return any(one.id == person for one in self.people)


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """One grant with everything its page shows."""

    id: UUID
    number: int
    holder: UUID
    holder_address: str
    application: bool
    scope: Scope
    reason: str
    case: str
    legal_ground: str
    notice_days: int | None
    hours: int
    asked_at: datetime
    state: str
    answered_by: UUID | None
    answered_address: str
    answered_at: datetime | None
    presented_by: UUID | None
    presented_address: str
    starts: datetime | None
    ends: datetime | None
    ended_by: UUID | None
    ended_address: str
    ended_at: datetime | None

    def is_active(self, now: float) -> bool:
        """Tell whether it opens something at a moment."""
        return self.state == State.ACTIVE and self.ends is not None and now < self.ends.timestamp()

    @property
    def by_two(self) -> bool:
        """Whether two people approved it."""
        return self.presented_by is not None and self.presented_by != self.answered_by

    @property
    def emergency(self) -> bool:
        """Whether these were two keepers of recovery keys."""
        return self.by_two and not self.application

    @property
    def approved_by(self) -> str:
        """Who approved it, both people in an emergency; "" while or if nobody has."""
        if self.starts is None:
            return ""
        return f"{self.presented_address}, {self.answered_address}" if self.by_two else self.answered_address


@dataclass(frozen=True, slots=True)
class Opened:
    """What was opened under a grant, tried in vain, or reported by a client: ``act`` is what was done."""

    event: UUID
    grant: UUID
    cid: UUID
    owner: UUID
    owner_address: str
    at: datetime
    act: str


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who keeps a recovery key, and whether they were shown it."""

    id: UUID
    person: UUID
    address: str
    named_by: UUID
    named_at: datetime
    shown_at: datetime | None


def is_eligible(person: UUID, groups: Collection[UUID]) -> bool:
    """Tell whether somebody may ask for a grant, and use one; ``groups`` are those that hold them now.

    It is asked with each page, so it is one statement.
    """
    listed = Exists(SuperUser.objects.filter(person_id=person))
    eligible = Q(listed) | Q(super_users_group__in=groups)
    return ServiceSettings.objects.filter(eligible, id=1, super_users_on=True).exists()


def is_trusted_with_grants(person: UUID, groups: Collection[UUID]) -> bool:
    """Tell whether somebody is named as super user, also while none may ask, or keeps a recovery key."""
    named = SuperUser.objects.filter(person_id=person).exists() or RecoveryKey.objects.filter(person_id=person).exists()
    return named or ServiceSettings.objects.filter(id=1, super_users_group__in=groups).exists()


def super_user_settings() -> SuperUserSettings:
    """Return who may ask for grants in the current organization."""
    row = ServiceSettings.objects.get(id=1)
    people = tuple(
        Eligible(one.person_id, one.address, one.application, one.added_by, one.added_at)
        for one in SuperUser.objects.order_by("application", "address")
    )
    return SuperUserSettings(
        on=row.super_users_on,
        people=people,
        group=row.super_users_group,
        group_address=row.super_users_group_address,
        group_by=row.super_users_group_by,
        group_at=row.super_users_group_at,
        notice_days=row.notice_days,
    )


def grant_facts(grant: UUID) -> GrantFacts:
    """Return one grant.  Raises NotFound."""
    row = SuperUserGrant.objects.filter(id=grant).first()
    if row is None:
        raise NotFound(message("There is no such super-user grant, or you may not see it."))
    return facts_of(row)


def grants(
    *, holder: UUID | None = None, state: str = "", limit: int = 50, before: int | None = None
) -> tuple[GrantFacts, ...]:
    """Return grants, newest first: all, or those of one holder; ``before`` is the number of the last one seen."""
    rows = newest_first(SuperUserGrant.objects.all(), holder=holder, state=state, limit=limit, before=before)
    return tuple(facts_of(row) for row in rows)


def under_way(holder: UUID | None = None) -> tuple[GrantFacts, ...]:
    """Return what is active or asked for, of everybody or of one holder."""
    rows = SuperUserGrant.objects.filter(state__in=(State.WAITING, State.ACTIVE))
    rows = rows if holder is None else rows.filter(holder=holder)
    return tuple(facts_of(row) for row in rows.order_by("number"))


def opened_under(grant: UUID) -> tuple[Opened, ...]:
    """Return what was opened under a grant, or tried in vain, in the order of time."""
    rows = SuperUserOpening.objects.filter(grant_id=grant).order_by("at", "event_id")
    return tuple(opened_of(one) for one in rows)


def documents_opened(grant: UUID) -> int:
    """Return how many documents were opened under a grant."""
    rows = SuperUserOpening.objects.filter(grant_id=grant).exclude(act=REFUSED)
    return rows.values("content_id").distinct().count()


def opened_of(one: SuperUserOpening) -> Opened:
    """Return a row as its facts."""
    return Opened(one.event_id, one.grant_id, one.content_id, one.owner_id, one.owner_address, one.at, one.act)


def events_of_grant(grant: UUID) -> dict[UUID, str]:
    """Return the events by which a grant was asked for, approved and ended, in the order of time, and what each is."""
    kinds = [Kind.SUPER_USER_GRANT_ASKED, Kind.SUPER_USER_GRANT_APPROVED, Kind.SUPER_USER_GRANT_ENDED]
    with connection.cursor() as cursor:
        cursor.execute(
            "select e.id, e.kind from audit_event e join audit_eventdetails d on d.digest = e.details_digest"
            " where e.kind = any(%s) and d.body::jsonb ->> 'super_user_grant' = %s order by e.received_at, e.id",
            [kinds, str(grant)],
        )
        return {event: kind.rpartition(".")[2] for event, kind in cursor.fetchall()}


def keepers() -> tuple[Keeper, ...]:
    """Return who keeps the recovery keys, nobody or two people."""
    rows = RecoveryKey.objects.order_by("address")
    return tuple(Keeper(one.id, one.person_id, one.address, one.named_by, one.named_at, one.shown_at) for one in rows)


def facts_of(row: SuperUserGrant) -> GrantFacts:
    """Return a row as its facts."""
    return GrantFacts(
        id=row.id,
        number=row.number,
        holder=row.holder,
        holder_address=row.holder_address,
        application=row.application,
        scope=scope_of(row),
        reason=row.reason,
        case=row.case_number,
        legal_ground=row.legal_ground,
        notice_days=row.notice_days,
        hours=row.hours,
        asked_at=row.asked_at,
        state=row.state,
        answered_by=row.answered_by,
        answered_address=row.answered_address,
        answered_at=row.answered_at,
        presented_by=row.presented_by,
        presented_address=row.presented_address,
        starts=row.starts,
        ends=row.ends,
        ended_by=row.ended_by,
        ended_address=row.ended_address,
        ended_at=row.ended_at,
    )


def concerned(schemas: Iterable[str]) -> set[str]:
    """Return those of the schemas in which a grant is over or an owner is to be told something."""
    return set(schemas_where(_DUE, schemas, days=WAITS_DAYS))
