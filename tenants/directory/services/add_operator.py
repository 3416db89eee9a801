"""Make a person an operator of the installation."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from tenants import naming, roles
from tenants.actor import Actor
from tenants.directory.errors import NotHere
from tenants.directory.models import Operator
from tenants.directory.selectors.people import proven_addresses
from tenants.events import OperatorKind
from tenants.organizations.services.record_operator import record_operator


@transaction.atomic
def add_operator(*, person_id: UUID, address: str, actor: Actor) -> bool:
    """Add the person by an address that they have proven; return whether anything changed.

    The application's role may not insert these rows, so the login role does.  Raises NotHere.
    """
    normal = naming.address(address)
    if normal not in proven_addresses(person_id):
        raise NotHere(_("{address} is not a proven address of this person.").format(address=normal))
    if Operator.objects.filter(person_id=person_id, address=normal).exists():
        return False
    with roles.as_owner():
        Operator.objects.update_or_create(person_id=person_id, defaults={"address": normal})
    record_operator(kind=OperatorKind.OPERATOR_ADDED, actor=actor, details={"target": str(person_id)})
    return True
