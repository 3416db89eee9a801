"""Take the operator's place from a person."""

from uuid import UUID

from django.db import transaction

from tenants import naming
from tenants.actor import Actor
from tenants.directory.models import Operator
from tenants.events import OperatorKind
from tenants.organizations.services.record_operator import record_operator


@transaction.atomic
def remove_operator(*, address: str, actor: Actor) -> bool:
    """Remove the operators who were added by this address; return whether there was one."""
    found = list(Operator.objects.filter(address=naming.address(address)).values_list("person_id", flat=True))
    for person_id in found:
        remove_operator_with_id(person_id, actor=actor)
    return bool(found)


def remove_operator_with_id(person_id: UUID, *, actor: Actor) -> None:
    """Remove a person from the operators, if they are one."""
    if Operator.objects.filter(person_id=person_id).delete()[0]:
        record_operator(kind=OperatorKind.OPERATOR_REMOVED, actor=actor, details={"target": str(person_id)})
