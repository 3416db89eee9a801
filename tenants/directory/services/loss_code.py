"""Codes with which a person who cannot sign in reports a device lost: given by an administrator, used once."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory import one_time
from tenants.directory.change import note
from tenants.directory.errors import CodeRefused
from tenants.directory.models import LossCode, Person
from tenants.directory.selectors.people import holder_of, person_in
from tenants.events import DirectoryKind

LIFETIME: Final = timedelta(minutes=15)


@transaction.atomic
def issue_loss_code(*, organization_id: UUID, person_id: UUID, reason: str, actor: Actor) -> str:
    """Return a fresh code for a person of the organization; codes of before are withdrawn.  Raises NotHere."""
    person = person_in(organization_id, person_id)
    list(Person.objects.select_for_update().filter(id=person_id))
    LossCode.objects.filter(person_id=person_id, used_at__isnull=True).delete()
    code = one_time.new_code()
    LossCode.objects.create(
        code_hash=one_time.code_hash(code), person_id=person_id, expires_at=timezone.now() + LIFETIME
    )
    note(
        kind=DirectoryKind.LOSS_CODE_ISSUED,
        organizations=[organization_id],
        actor=actor,
        person_id=person_id,
        recipient=person.email or person.name,
        details={"reason": reason},
    )
    return code


def holder_of_loss_code(*, address: str, code: str) -> UUID:
    """Return the person with this address whose code it is; it stays good.  Raises CodeRefused."""
    try:
        person = holder_of(address)
    except naming.NameRefused:
        person = None
    good = LossCode.objects.filter(
        code_hash=one_time.code_hash(code), used_at__isnull=True, expires_at__gt=timezone.now()
    )
    if person is None or not good.filter(person_id=person).exists():
        raise CodeRefused(_("This code is not valid."))
    return person


def use_loss_code(*, person_id: UUID, code: str) -> None:
    """Use the code up; of two at once only one succeeds.  Raises CodeRefused."""
    now = timezone.now()
    rows = LossCode.objects.filter(
        code_hash=one_time.code_hash(code), person_id=person_id, used_at__isnull=True, expires_at__gt=now
    )
    if rows.update(used_at=now) != 1:
        raise CodeRefused(_("This code is not valid."))
