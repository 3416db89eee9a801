"""Changes of one entry in many documents: which documents are meant, how far a change is, and what it would do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from audit.selectors.schemas import schemas_where
from chancery.errors import NotFound
from chancery.policy.permission import Permission
from chancery.policy.policy import Principal, PrincipalKind
from chancery.texts import message
from protection.actor import Actor
from protection.models import (
    Content,
    EverywhereAct,
    EverywhereChange,
    EverywhereOutcome,
    PersonalGrant,
    TemplateVersion,
)
from protection.selectors.documents import decided_by
from protection.selectors.licensing import LICENSED
from protection.selectors.sight import Sight

MAX_LISTED: Final = 200
STATES: Final = ("running", "done", "undoing", "undone")
_RUNNING: Final = "exists (select from {schema}.protection_everywherechange where state in ('running', 'undoing'))"


@dataclass(frozen=True, slots=True)
class EverywhereFacts:
    """One change of many documents; ``who`` and ``to`` are entries as policies write them, "" for none."""

    id: UUID
    act: str
    who: str
    to: str
    rights: tuple[str, ...]
    until: int | None
    administrator: bool
    asker: UUID
    asked_by: str
    reason: str
    asked_at: datetime
    state: str
    total: int
    done: int
    changed: int
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A document that was left as it was, and why."""

    cid: UUID
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class WouldBe:
    """What a change would do: documents that change, documents left by reason, and what devices keep of the first."""

    changed: int
    skipped: dict[str, int]
    copies: int
    until: datetime | None


def documents_meant(change: EverywhereChange) -> QuerySet[Content]:
    """Return the documents that a change looks at: those of its filter that name the entry, or all for an addition.

    Documents by a template that names it, and those where only a request gave access, are among them: they are left as
    they are, and the reason is said.
    """
    rows = Content.objects.all()
    if not change.administrator:
        rows = rows.filter(decided_by(UUID(change.asked_by["person"])))
    for name, value in (
        ("owner_id", change.owner_id),
        ("template_id", change.template_id),
        ("label_id", change.label_id),
        ("published_at__gte", change.protected_from),
        ("published_at__lt", change.protected_until),
    ):
        if value is not None:
            rows = rows.filter(**{name: value})
    return rows if change.act == EverywhereAct.ADD else rows.filter(_naming(change.who))


def _naming(who: str) -> Q:
    named = Q(policy__contains={"grants": [{"who": who}]})
    current = TemplateVersion.objects.filter(named, number=F("template__current"))
    found = named | Q(template_id__in=current.values("template_id"))
    entry = Principal.parse(who)
    if entry.kind is PrincipalKind.ADDRESS:
        found |= Q(cid__in=PersonalGrant.objects.filter(address=entry.value).values("content_id"))
    return found


def why_skipped(template_id: UUID | None, policy: dict[str, Any] | None, who: str, act: str) -> str:
    """Return why a document cannot be changed here, "" where it can."""
    if template_id is not None or policy is None:
        return "by_template"
    named = any(grant.get("who") == who for grant in policy.get("grants", ()))
    return "" if act == EverywhereAct.ADD or named else "on_request"


def would_be(change: EverywhereChange, person: UUID | None, sight: Sight) -> WouldBe:
    """Return what a change would do, without doing it; ``person`` is whom the entry means, None for many.

    What devices keep says who opened something, so it is counted only for who may know that.
    """
    skipped: dict[str, int] = {}
    cids: list[UUID] = []
    for cid, template, policy in documents_meant(change).values_list("cid", "template_id", "policy").iterator():
        reason = why_skipped(template, policy, change.who, change.act)
        if reason:
            skipped[reason] = skipped.get(reason, 0) + 1
        else:
            cids.append(cid)
    tells = change.act != EverywhereAct.ADD and sight.sorts and (person is None or sight.shows(person))
    copies, until = _copies(cids, person, sight) if tells else (0, None)
    return WouldBe(len(cids), skipped, copies, until)


_COPIES: Final = """
select count(distinct (e.content_id, p.device_id)), to_timestamp(max(least(
    (d.body::jsonb ->> 'offline_until')::bigint,
    coalesce(floor(extract(epoch from clock_timestamp()))::bigint + (d.body::jsonb ->> 'lease')::bigint, 2^53))))
from audit_event e
join audit_eventpersonal p on p.event_id = e.id
cross join lateral (select body from audit_eventdetails where digest = e.details_digest limit 1) d
where e.content_id = any(%s) and e.kind = any(%s) and e.outcome = 'allowed'
  and (d.body::jsonb ->> 'offline_until')::bigint > extract(epoch from clock_timestamp())
  and (%s::uuid is null or p.person_id = %s)
"""


def _copies(cids: Sequence[UUID], person: UUID | None, sight: Sight) -> tuple[int, datetime | None]:
    """Return how many kept copies of these documents there are, and the last moment of any."""
    if not cids:
        return 0, None
    counts, of = sight.counting()
    with connection.cursor() as cursor:
        cursor.execute(f"{_COPIES} {counts}", [list(cids), LICENSED, person, person, *of])
        copies, until = cursor.fetchone()
    return copies, until


def everywhere_change(actor: Actor, change: UUID) -> EverywhereFacts:
    """Return one that the actor asked for, or any by role.  Raises NotFound."""
    row = _visible(actor).filter(id=change).first()
    if row is None:
        raise NotFound(message("There is no such change, or you may not see it."))
    return facts_of(row)


def everywhere_changes(actor: Actor, *, limit: int = 50, after: str = "") -> tuple[EverywhereFacts, ...]:
    """Return the actor's changes, or all by role, the newest first; ``after`` is the id of the last one seen."""
    rows = _visible(actor).filter(_behind(after)).order_by("-asked_at", "id")
    return tuple(facts_of(row) for row in rows[: max(1, min(limit, MAX_LISTED))])


def _visible(actor: Actor) -> QuerySet[EverywhereChange]:
    rows = EverywhereChange.objects.all()
    return rows if actor.may(Permission.DOCUMENTS_READ_ALL) else rows.filter(asked_by__person=str(actor.person))


def _behind(last: str) -> Q:
    try:
        asked_at = EverywhereChange.objects.filter(id=UUID(last)).values_list("asked_at", flat=True).first()
    except ValueError:
        return Q()
    return Q() if asked_at is None else Q(asked_at__lt=asked_at) | Q(asked_at=asked_at, id__gt=last)


def skipped_documents(change: UUID, *, limit: int = MAX_LISTED) -> tuple[Skipped, ...]:
    """Return the documents that a change left as they were, the first ones where there are many."""
    rows = EverywhereOutcome.objects.filter(change_id=change).exclude(skipped="").order_by("content_id")
    return tuple(Skipped(*row) for row in rows.values_list("content_id", "content__title", "skipped")[:limit])


def skipped_by_reason(change: UUID) -> dict[str, int]:
    """Return how many documents a change left as they were, by reason."""
    rows = EverywhereOutcome.objects.filter(change_id=change).exclude(skipped="").values("skipped")
    return dict(rows.annotate(number=Count("id")).values_list("skipped", "number"))


def unfinished() -> tuple[UUID, ...]:
    """Return the changes that are to be carried out or undone, the oldest first."""
    rows = EverywhereChange.objects.filter(state__in=["running", "undoing"]).order_by("asked_at", "id")
    return tuple(rows.values_list("id", flat=True))


def changing_everywhere(schemas: Iterable[str]) -> set[str]:
    """Return those of the schemas in which a change is to be carried out."""
    return set(schemas_where(_RUNNING, schemas))


def facts_of(row: EverywhereChange) -> EverywhereFacts:
    """Return a row as its facts."""
    asked = row.asked_by
    return EverywhereFacts(
        id=row.id,
        act=row.act,
        who=row.who,
        to=row.to,
        rights=tuple(row.rights or ()),
        until=row.until,
        administrator=row.administrator,
        asker=UUID(asked["person"]),
        asked_by=asked["address"] or asked["name"],
        reason=row.reason,
        asked_at=row.asked_at,
        state=row.state,
        total=row.total,
        done=row.done,
        changed=row.changed,
        ended_at=row.ended_at,
    )
