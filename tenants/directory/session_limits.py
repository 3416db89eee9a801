"""How long browsers and programs stay signed in, by what the operator allows and each organization tightens.

Of somebody who belongs to several organizations the strictest limit counts; where they are a guest it does not, since
whoever invites a stranger could sign them out elsewhere.  Applications have no limit: nobody could sign them in again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from allauth.idp.oidc.models import Token
from django.conf import settings
from django.db.models import (
    BigIntegerField,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Extract, Least, Now
from django.utils import timezone

from tenants.directory.models import BrowserSession, Membership, SessionLimits

UNITS: Final = {
    "browser_idle_minutes": timedelta(minutes=1),
    "browser_hours": timedelta(hours=1),
    "program_idle_days": timedelta(days=1),
    "program_days": timedelta(days=1),
}
"""Every limit: idle is without use, the others are since the sign-in, used or not."""


@dataclass(frozen=True, slots=True)
class ProgramLimits:
    """How long the tokens of one sign-in go on without use, and in all."""

    idle: timedelta
    longest: timedelta

    def is_over(self, *, began: datetime, used: datetime) -> bool:
        """Tell whether a sign-in of that moment, used last at the other one, is over."""
        now = timezone.now()
        return now - began > self.longest or now - used > self.idle


def most(name: str) -> int:
    """Return the operator's own limit, which organizations only tighten."""
    return int(getattr(settings, f"CHANCERY_{name.upper()}"))


def limits_of(organization_id: UUID) -> dict[str, int]:
    """Return the limits of an organization; 0 where it leaves the operator's."""
    row = SessionLimits.objects.within(organization_id).values(*UNITS).first() or {}
    return {name: row.get(name) or 0 for name in UNITS}


def program_limits(person_id: UUID) -> ProgramLimits:
    """Return the strictest limits of a person's programs."""
    found = _of_members(Q(organization__memberships__person_id=person_id)).aggregate(
        idle=Min("program_idle_days"), longest=Min("program_days")
    )
    return ProgramLimits(
        idle=timedelta(days=_strictest(found["idle"], most("program_idle_days"))),
        longest=timedelta(days=_strictest(found["longest"], most("program_days"))),
    )


def browsers_within() -> QuerySet[BrowserSession]:
    """Return the sessions of browsers that no limit has ended."""
    return _browsers().filter(used_at__gte=Now() - F("idle"), signed_in_at__gte=Now() - F("longest"))


def browsers_over() -> QuerySet[BrowserSession]:
    """Return those that are over by a limit."""
    return _browsers().filter(Q(used_at__lt=Now() - F("idle")) | Q(signed_in_at__lt=Now() - F("longest")))


def programs_over() -> QuerySet[Token]:
    """Return the refresh tokens of people that are over by a limit."""
    rows: QuerySet[Token] = Token.objects.filter(type=Token.Type.REFRESH_TOKEN, user__is_service=False)
    rows = rows.annotate(
        idle=_limit("program_idle_days", "user_id"),
        longest=_limit("program_days", "user_id"),
        began=Coalesce(
            Cast(KeyTextTransform("began", "data"), BigIntegerField()),
            Cast(KeyTextTransform("at", KeyTextTransform("authentication", "data")), BigIntegerField()),
            Cast(Extract("created_at", "epoch"), BigIntegerField()),
        ),
        now=Cast(Extract(Now(), "epoch"), BigIntegerField()),
        seconds=Cast(Extract(F("longest"), "epoch"), BigIntegerField()),
    )
    return rows.filter(Q(created_at__lt=Now() - F("idle")) | Q(began__lt=F("now") - F("seconds")))


def members_of(organization_id: UUID) -> list[UUID]:
    """Return the ids of those for whom the organization's limits count."""
    members = Membership.objects.within(organization_id).filter(guest=False, disabled=False, removed_at=None)
    return list(members.values_list("person_id", flat=True))


def _browsers() -> QuerySet[BrowserSession]:
    return BrowserSession.objects.annotate(
        idle=_limit("browser_idle_minutes", "person_id"), longest=_limit("browser_hours", "person_id")
    )


def _of_members(person: Q) -> QuerySet[SessionLimits]:
    """Return the limits of organizations that somebody is a member of; the conditions are about one membership."""
    return SessionLimits.objects.of_installation().filter(
        person,
        organization__memberships__guest=False,
        organization__memberships__disabled=False,
        organization__memberships__removed_at=None,
    )


def _limit(name: str, person: str) -> Combinable:
    """Return the strictest limit of a row's person as a duration."""
    rows = _of_members(Q(organization__memberships__person_id=OuterRef(person))).filter(**{f"{name}__gt": 0})
    strictest = Subquery(rows.order_by(name).values(name)[:1], output_field=IntegerField())
    number = Least(Coalesce(strictest, Value(most(name))), Value(most(name)))
    return ExpressionWrapper(number * Value(UNITS[name]), output_field=DurationField())


def _strictest(found: int | None, operators: int) -> int:
    return min(found, operators) if found else operators
