"""Take the operator's place from a person."""

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
    Operator.objects.filter(person_id__in=found).delete()
    for person_id in found:
        record_operator(kind=OperatorKind.OPERATOR_REMOVED, actor=actor, details={"target": str(person_id)})
    return bool(found)
