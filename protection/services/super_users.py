"""Who may ask for super-user grants: off and empty until an administrator changes it (docs/protocol.md P21).

Whoever may no longer ask loses the grants they have, in the same transaction.
"""

from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from chancery.errors import InvalidPolicy
from chancery.ledger.kinds import Kind
from chancery.texts import message
from protection.actor import Actor
from protection.models import ApprovalState as State
from protection.models import ServiceSettings, SuperUser, SuperUserGrant
from protection.services.recording import record_action
from protection.services.super_user_grants import stop

MOST_NOTICE_DAYS: Final = 90


@transaction.atomic
def switch_super_users(*, actor: Actor, on: bool, reason: str = "") -> bool:
    """Let those who are listed ask for grants, or end all grants and let nobody; return whether anything changed."""
    row = ServiceSettings.objects.select_for_update().get(id=1)
    if row.super_users_on == on:
        return False
    row.super_users_on = on
    row.save(update_fields=["super_users_on"])
    record_action(
        Kind.SUPER_USERS_SWITCHED_ON if on else Kind.SUPER_USERS_SWITCHED_OFF,
        actor,
        details={"reason": reason} if reason else None,
    )
    if not on:
        _stop_all_but(actor)
    return True


@transaction.atomic
def choose_group(*, actor: Actor, group: UUID | None, address: str = "") -> bool:
    """Let the members of one group ask, nested ones too, or of none; return whether anything changed."""
    row = ServiceSettings.objects.select_for_update().get(id=1)
    if row.super_users_group == group:
        return False
    before = row.super_users_group_address
    row.super_users_group, row.super_users_group_address = group, address
    row.super_users_group_by, row.super_users_group_at = (None, None) if group is None else (actor.person, Now())
    row.save(
        update_fields=[
            "super_users_group", "super_users_group_address", "super_users_group_by", "super_users_group_at"
        ]
    )  # fmt: skip
    details = {"super_user_group": address} if group is not None else {"super_user_group_before": before}
    changes = [{"member": "super_users_group", "before": before, "after": address}]
    record_action(Kind.SUPER_USERS_CHANGED, actor, changes=changes if before and address else [], details=details)
    _stop_all_but(actor, *SuperUser.objects.values_list("person_id", flat=True))
    return True


@transaction.atomic
def set_notice_days(*, actor: Actor, days: int) -> bool:
    """Set after how many days owners are told what was opened under grants that are approved from now on.

    Returns whether anything changed.  Raises InvalidPolicy.
    """
    if not 0 <= days <= MOST_NOTICE_DAYS:
        raise InvalidPolicy(message("Owners are told after 0 to {most} days.", most=MOST_NOTICE_DAYS))
    row = ServiceSettings.objects.select_for_update().get(id=1)
    if row.notice_days == days:
        return False
    before, row.notice_days = row.notice_days, days
    row.save(update_fields=["notice_days"])
    record_action(Kind.SUPER_USERS_CHANGED, actor, details={"notice_days": days, "notice_days_before": before})
    return True


@transaction.atomic
def add_super_user(*, actor: Actor, person: UUID, address: str, application: bool = False) -> bool:
    """Let a person or an application ask for grants; return whether they could not before."""
    _row, added = SuperUser.objects.get_or_create(
        person_id=person, defaults={"address": address, "application": application, "added_by": actor.person}
    )
    if added:
        record_action(Kind.SUPER_USER_ADDED, actor, recipient=address)
    return added


@transaction.atomic
def remove_super_user(*, actor: Actor, person: UUID) -> bool:
    """No longer let a person or an application ask, and end what they have; return whether they could."""
    row = SuperUser.objects.select_for_update().filter(person_id=person).first()
    if row is None:
        return False
    row.delete()
    record_action(Kind.SUPER_USER_REMOVED, actor, recipient=row.address)
    _stop(actor, SuperUserGrant.objects.filter(holder=person))
    return True


def _stop_all_but(actor: Actor, *people: UUID) -> None:
    _stop(actor, SuperUserGrant.objects.exclude(holder__in=people))


def _stop(actor: Actor, rows: QuerySet[SuperUserGrant]) -> None:
    for row in rows.select_for_update().filter(state__in=(State.WAITING, State.ACTIVE)).order_by("number"):
        stop(actor, row)
