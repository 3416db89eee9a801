"""Erase an organization: its keys become unreadable first, then its schema and its people's places go."""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction

from tenants.actor import Actor
from tenants.context import in_schema
from tenants.directory.services.forget_organization import forget_organization
from tenants.events import OperatorKind
from tenants.organizations.models import Host, Organization
from tenants.organizations.selectors import forget_hosts
from tenants.organizations.services.change_state import WrongState
from tenants.organizations.services.record_operator import record_operator
from tenants.provisioning import drop_schema

Shred = Callable[[UUID], None]


@transaction.atomic
def erase_organization(*, organization_id: UUID, reason: str, shred_keys: Shred, actor: Actor) -> None:
    """Erase a suspended organization for good.

    ``shred_keys`` destroys the organization's key-encryption key and is called in its schema; the package above passes
    it, since this package knows no keys.  It comes first: whatever survives in a backup cannot be opened from then on.
    The row stays, emptied, so that its id and short name are never given to anybody else.
    """
    organization = Organization.objects.select_for_update().get(id=organization_id)
    if organization.state != Organization.State.SUSPENDED:
        raise WrongState("Only a suspended organization can be erased.")
    with in_schema(organization.schema_name):
        shred_keys(organization_id)
    drop_schema(organization.schema_name)
    forget_organization(organization_id=organization_id, keep_people=bool(organization.individuals_domain))
    Host.objects.filter(organization=organization).delete()
    organization.state = Organization.State.ERASED
    organization.service_active = False
    organization.name = ""
    # The mail domain and the person can have another one; their id and short name are not given again.
    organization.individuals_domain, organization.individuals_person = "", None
    organization.directory_epoch += 1
    organization.save(
        update_fields=[
            "state", "service_active", "name", "individuals_domain", "individuals_person", "directory_epoch"
        ]
    )  # fmt: skip
    record_operator(
        kind=OperatorKind.ORGANIZATION_ERASED, actor=actor, organization_id=organization_id, details={"reason": reason}
    )
    transaction.on_commit(forget_hosts)
