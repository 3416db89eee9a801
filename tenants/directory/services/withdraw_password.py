"""Withdraw the password of a person who has not proven any address yet."""

from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from tenants.directory.models import Address, Person


@transaction.atomic
def withdraw_password(*, person_id: UUID) -> str | None:
    """Make the password unusable unless an address was proven before; return what stands in its place, if so.

    Nothing is recorded: whoever chose the password has never been anybody here.
    """
    if Address.objects.filter(person_id=person_id).exclude(proven_by="").exists():
        return None
    unusable = make_password(None)
    Person.objects.filter(id=person_id).update(password=unusable)
    return unusable
