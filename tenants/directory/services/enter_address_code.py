"""A mailed code comes back from the person who asked for it: the address is theirs."""

import hmac
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tenants import naming
from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.access import let_sign_in
from tenants.directory.models import AddressCode, Person
from tenants.directory.services.ask_address_code import hash_of
from tenants.directory.services.prove_address import prove_address


@transaction.atomic
def enter_address_code(
    *, person_id: UUID, address: str, code: str, actor: Actor, except_session: str | None = None
) -> bool:
    """Give the person the address if the code is the one that was mailed; return whether it was.

    A wrong one is counted and not raised, since an error would take the count back.  After five wrong ones the code is
    worth nothing.  ``except_session`` is as in ``prove_address``, which raises AddressTaken and DirectoryRefused.
    """
    normal = naming.address(address)
    now = timezone.now()
    # In the order in which every service takes them: domain, address, then rows.
    address_holders.lock_domain(naming.domain_of(normal))
    address_holders.lock_address(normal)
    row = _waiting(person_id, normal, now)
    if row is None:
        return False
    if not hmac.compare_digest(row.code_hash, hash_of(person_id, code)):
        row.wrong += 1
        row.save(update_fields=["wrong"])
        return False
    row.used_at = now
    row.save(update_fields=["used_at"])
    prove_address(person_id=person_id, address=normal, actor=actor, except_session=except_session)
    let_sign_in(person_id, normal, proven=True)
    Person.objects.filter(id=person_id, email="").update(email=normal)
    return True


def _waiting(person_id: UUID, address: str, now: datetime) -> AddressCode | None:
    """Return the code that can be entered, locked: of two requests with the same code one comes second."""
    rows = AddressCode.objects.select_for_update().filter(
        person_id=person_id, address=address, used_at=None, expires_at__gt=now, wrong__lt=AddressCode.MOST_WRONG
    )
    return rows.order_by("-asked_at").first()
