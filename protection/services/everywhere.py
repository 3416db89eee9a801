"""Replace, add or remove one entry in the policies of many documents, batch by batch, and undo it as one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models.functions import Now

from audit.services.record import record_many
from audit.statements import event_parameters
from chancery.errors import Conflict
from chancery.ledger.kinds import Kind, Outcome
from chancery.policy.case import Basis
from chancery.policy.difference import differences
from chancery.policy.everywhere import replaced, with_grant, without
from chancery.policy.narrowing import narrows
from chancery.policy.policy import Grant, Policy, Principal, parse_policy
from chancery.policy.rights import in_order, parse_rights
from chancery.texts import message
from protection.actor import OF_ADMINISTRATORS, Actor
from protection.models import (
    Content,
    ContentChange,
    EverywhereAct,
    EverywhereChange,
    EverywhereOutcome,
    EverywhereState,
)
from protection.selectors.decisions import ADMINISTRATOR
from protection.selectors.everywhere import EverywhereFacts, documents_meant, facts_of, why_skipped
from protection.services.feed import invalidate_many_revisions
from protection.services.paused import refuse_paused
from protection.services.recording import personal_of, stated

BATCH: Final = 500
"""Documents of one transaction: it holds their rows and the feed for as long as it takes."""
CHANGED_SINCE: Final = "changed_since"


class CannotUndo(Conflict):
    """The change is not done yet, or was undone already."""

    code = "cannot_undo"
    remedy = message("Look at the change to see how far it is.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Everywhere:
    """What is asked for: the members are those of ``EverywhereChange``."""

    act: str
    who: Principal | None = None
    to: Principal | None = None
    rights: tuple[str, ...] = ()
    until: int | None = None
    administrator: bool = False
    owner: UUID | None = None
    template: UUID | None = None
    label: UUID | None = None
    protected_from: datetime | None = None
    protected_until: datetime | None = None


def drafted(actor: Actor, asked: Everywhere, reason: str = "") -> EverywhereChange:
    """Return the row of a change that is not stored, by which it can be looked at first."""
    return EverywhereChange(
        act=asked.act,
        who="" if asked.who is None else str(asked.who),
        to="" if asked.to is None else str(asked.to),
        rights=in_order(parse_rights(asked.rights)) if asked.rights else None,
        until=asked.until,
        administrator=asked.administrator,
        owner_id=asked.owner,
        template_id=asked.template,
        label_id=asked.label,
        protected_from=asked.protected_from,
        protected_until=asked.protected_until,
        asked_by=actor.as_json(),
        reason=reason[:500],
        state=EverywhereState.RUNNING,
    )


@transaction.atomic
def begin_everywhere(*, actor: Actor, asked: Everywhere, reason: str = "") -> EverywhereFacts:
    """Note a change of many documents, which ``everywhere_batch`` carries out.  Raises PausedGivesNothing."""
    if asked.act != EverywhereAct.REMOVE:
        refuse_paused(actor)
    row = drafted(actor, asked, reason)
    row.total = documents_meant(row).count()
    row.save()
    row.refresh_from_db()
    return facts_of(row)


@transaction.atomic
def undo_everywhere(*, actor: Actor, change: UUID) -> EverywhereFacts:
    """Let a change that is done be undone, document by document.  Raises CannotUndo and PausedGivesNothing."""
    refuse_paused(actor)
    row = EverywhereChange.objects.select_for_update().get(id=change)
    if row.state != EverywhereState.DONE:
        raise CannotUndo(message("Only a change that is done can be undone, and only once."))
    row.state, row.last, row.done, row.total, row.ended_at = EverywhereState.UNDOING, None, 0, row.changed, None
    row.save(update_fields=["state", "last", "done", "total", "ended_at"])
    return facts_of(row)


@transaction.atomic
def everywhere_batch(change: UUID) -> EverywhereFacts | None:
    """Change, or undo, the next documents; None where another worker is at it or nothing is to do.

    The number of statements does not depend on the number of documents.
    """
    rows = EverywhereChange.objects.select_for_update(skip_locked=True)
    row = rows.filter(id=change, state__in=[EverywhereState.RUNNING, EverywhereState.UNDOING]).first()
    if row is None:
        return None
    more = _undo_next(row) if row.state == EverywhereState.UNDOING else _change_next(row)
    if not more:
        row.state = EverywhereState.UNDONE if row.state == EverywhereState.UNDOING else EverywhereState.DONE
        row.ended_at, row.total = Now(), row.done
    row.save(update_fields=["state", "last", "done", "changed", "total", "ended_at"])
    row.refresh_from_db()
    return facts_of(row)


def _change_next(row: EverywhereChange) -> bool:
    """Change the next documents; return whether there are more."""
    meant = documents_meant(row)
    if row.last is not None:
        meant = meant.filter(cid__gt=row.last)
    contents = list(meant.select_for_update().order_by("cid")[:BATCH])
    outcomes, changes = [], []
    for one in contents:
        skipped = why_skipped(one.template_id, one.policy, row.who, row.act)
        before = None if skipped or one.policy is None else parse_policy(one.policy)
        after = None if before is None else _changed(row, before)
        if before is None or after is None or after == before:
            outcomes.append(EverywhereOutcome(change=row, content=one, skipped=skipped or "has_it"))
            continue
        outcomes.append(EverywhereOutcome(change=row, content=one, before=one.policy, after=after.as_json()))
        changes.append((one, before, after))
    _write(row, changes)
    EverywhereOutcome.objects.bulk_create(outcomes)
    row.done += len(contents)
    row.changed += len(changes)
    row.total = max(row.total, row.done)
    row.last = contents[-1].cid if contents else row.last
    return len(contents) == BATCH


def _undo_next(row: EverywhereChange) -> bool:
    """Set the next documents as they were before, unless another person has changed them since."""
    changed = row.outcomes.filter(skipped="", undone=False, before__isnull=False)
    if row.last is not None:
        changed = changed.filter(content_id__gt=row.last)
    outcomes = list(changed.order_by("content_id")[:BATCH])
    locked = Content.objects.select_for_update().order_by("cid")
    contents = {one.cid: one for one in locked.filter(cid__in=[outcome.content_id for outcome in outcomes])}
    changes, since = [], []
    for outcome in outcomes:
        content = contents[outcome.content_id]
        before, after = outcome.before, outcome.after
        theirs = row.administrator or row.asked_by["person"] in {str(content.deciding_issuer), str(content.owner_id)}
        same = content.template_id is None and before is not None and content.policy == after
        if not (theirs and same) or before is None or after is None:
            since.append(outcome.id)
            continue
        changes.append((content, parse_policy(after), parse_policy(before)))
    _write(row, changes)
    row.outcomes.filter(id__in=since).update(skipped=CHANGED_SINCE)
    row.outcomes.filter(content_id__in=[content.cid for content, _, _ in changes]).update(undone=True)
    row.done += len(outcomes)
    row.last = outcomes[-1].content_id if outcomes else row.last
    return len(outcomes) == BATCH


def _changed(row: EverywhereChange, policy: Policy) -> Policy:
    match row.act:
        case EverywhereAct.REMOVE:
            return without(policy, Principal.parse(row.who))
        case EverywhereAct.REPLACE:
            return replaced(policy, Principal.parse(row.who), Principal.parse(row.to))
        case _:
            return with_grant(policy, Grant(Principal.parse(row.to), parse_rights(row.rights or ()), row.until))


def _write(row: EverywhereChange, changes: Sequence[tuple[Content, Policy, Policy]]) -> None:
    """Set policies, raise revisions of what was narrowed, and record each document and its history."""
    if not changes:
        return
    actor = Actor.from_json(row.asked_by, permissions=OF_ADMINISTRATORS if row.administrator else frozenset())
    invalidated: dict[bytes, int] = {}
    history, events = [], []
    for content, before, after in changes:
        content.policy = after.as_json()
        if not narrows(before, after):
            content.rev += 1
            invalidated[bytes(content.feed_id)] = content.rev
        basis = _basis(actor, content)
        history.append(
            ContentChange(
                content=content,
                person_id=actor.person,
                basis=basis,
                rev=content.rev,
                policy=content.policy,
                expires=content.expires,
                offline_days=content.offline_days,
                reason=row.reason,
            )
        )
        events.append(_event(row, actor, content, basis, before, after))
    _set([one for one, _, _ in changes])
    ContentChange.objects.bulk_create(history)
    invalidate_many_revisions(invalidated)
    record_many(events)


def _set(contents: Sequence[Content]) -> None:
    """Write policies and revisions in one statement, which the database reads faster than a condition for each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update protection_content c set policy = new.policy::jsonb, rev = new.rev"
            " from unnest(%s::uuid[], %s::text[], %s::integer[]) as new (cid, policy, rev) where c.cid = new.cid",
            [
                [one.cid for one in contents],
                [json.dumps(one.policy) for one in contents],
                [one.rev for one in contents],
            ],
        )


def _basis(actor: Actor, content: Content) -> str:
    if actor.person == content.deciding_issuer:
        return Basis.ISSUER.value
    return Basis.OWNER.value if actor.person == content.owner_id else ADMINISTRATOR


def _event(
    row: EverywhereChange, actor: Actor, content: Content, basis: str, before: Policy, after: Policy
) -> dict[str, Any]:
    details: Mapping[str, Any] = {
        "basis": basis,
        "rev": content.rev,
        "everywhere": str(row.id),
        **({"undone": True} if row.state == EverywhereState.UNDOING else {}),
        **({"reason": row.reason} if row.reason else {}),
    }
    return event_parameters(
        event_id=uuid4(),
        kind=Kind.CONTENT_CHANGED.value,
        outcome=Outcome.DONE.value,
        content_id=content.cid,
        source=actor.source,
        personal=personal_of(actor, content, changes=stated(differences(before, after))),
        details=dict(details),
    )
