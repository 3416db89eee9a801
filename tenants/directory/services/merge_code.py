"""Codes with which a person lets another account of theirs take this one in: whoever has signed in to both has them."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.directory import one_time
from tenants.directory.errors import CodeRefused
from tenants.directory.models import MergeCode, Person

LIFETIME: Final = timedelta(minutes=15)


@transaction.atomic
def issue_merge_code(person_id: UUID) -> str:
    """Return a fresh code of an account; codes of before are withdrawn."""
    list(Person.objects.select_for_update().filter(id=person_id))
    MergeCode.objects.filter(person_id=person_id, used_at__isnull=True).delete()
    code = one_time.new_code()
    MergeCode.objects.create(
        code_hash=one_time.code_hash(code), person_id=person_id, expires_at=timezone.now() + LIFETIME
    )
    return code


def account_of_merge_code(code: str) -> UUID:
    """Return the account whose code it is; it stays good.  Raises CodeRefused."""
    good = MergeCode.objects.filter(
        code_hash=one_time.code_hash(code), used_at__isnull=True, expires_at__gt=timezone.now()
    )
    person = good.values_list("person_id", flat=True).first()
    if person is None:
        raise CodeRefused(_("This code is not valid. Get a new one from the other account."))
    return person


def use_merge_code(code: str) -> None:
    """Use the code up; of two at once only one succeeds.  Raises CodeRefused."""
    now = timezone.now()
    rows = MergeCode.objects.filter(code_hash=one_time.code_hash(code), used_at__isnull=True, expires_at__gt=now)
    if rows.update(used_at=now) != 1:
        raise CodeRefused(_("This code is not valid. Get a new one from the other account."))
