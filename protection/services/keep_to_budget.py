"""Keep what is licensed within the budgets of the person who asks (docs/protocol.md P29, decision 33)."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from chancery.policy.case import Deny
from chancery.policy.reasons import Reason
from protection.selectors.counted import BudgetsUsed, Counting, UsedBudget
from protection.services.license_request import Decided, Granted, LicenseRequest, Reading, Refused


def keep_to_budget(
    request: LicenseRequest, reading: Reading, decided: Sequence[Decided], *, crowded: bool = False
) -> tuple[tuple[Decided, ...], Counting | None]:
    """Refuse what is beyond the person's budgets, from the first item on that is; return it with what to count.

    A document counts once for each device: a renewal of what the device got before counts nothing.  ``crowded`` says
    that other requests of the person took what was left while this one was decided, so that it crosses the budget in
    any case.
    """
    used = reading.budgets
    if used is None or used.paused:
        return tuple(decided), None
    under_grant = request.named.super_user_grant is not None
    held = [one for one in used.budgets if _counts(one, reading, request, under_grant=under_grant)]
    if not held:
        return tuple(decided), None
    tightest = min(held, key=used.left)
    left = 0 if crowded else used.left(tightest)
    kept, contents = _within(decided, left)
    beyond = any(before is not after for before, after in zip(decided, kept, strict=True))
    return kept, Counting(
        contents=contents,
        under_grant=under_grant,
        ceiling=_ceiling(used, [one for one in held if one.counts_grants], used.taken),
        own_ceiling=_ceiling(used, [one for one in held if not one.counts_grants], used.taken - used.granted),
        paused_by=tightest.id if beyond else None,
    )


def _counts(budget: UsedBudget, reading: Reading, request: LicenseRequest, *, under_grant: bool) -> bool:
    """Tell whether a budget is for who asks and counts what they ask for."""
    # People have addresses; an application is known by its name alone.
    is_for = budget.is_for(reading.subject, request.organization, application=not reading.address)
    return is_for and (budget.counts_grants or not under_grant)


def _within(decided: Sequence[Decided], left: int) -> tuple[tuple[Decided, ...], tuple[UUID, ...]]:
    """Return the decisions with all refused from the first one on that is beyond, and the documents that count."""
    kept: list[Decided] = []
    counted: dict[UUID, None] = {}
    over = False
    for item in decided:
        if isinstance(item, Granted):
            cid = item.state.facts.cid
            new = not item.state.known_to_device and cid not in counted
            over = over or (new and len(counted) >= left)
            if over:
                kept.append(Refused(item.item, item.state, Deny(Reason.OPENINGS_PAUSED), item.event))
                continue
            if new:
                counted[cid] = None
        kept.append(item)
    return tuple(kept), tuple(counted)


def _ceiling(used: BudgetsUsed, budgets: Sequence[UsedBudget], taken: int) -> int | None:
    """Return how high the person's count may be at most, by all these budgets; None for no bound."""
    return min((taken + used.left(one) for one in budgets), default=None)


def as_paused(reading: Reading) -> Reading:
    """Return the reading with a subject that is paused, where they are, and with the person for whom they read."""
    used, permission = reading.budgets, reading.permission
    if used is None:
        return reading
    if used.person_paused and permission is not None:
        permission = permission.of_paused_person()
    return replace(reading, subject=replace(reading.subject, paused=used.paused), permission=permission)
