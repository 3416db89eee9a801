"""The base of every background task: a task does its work inside one organization.

A task takes the organization's id as its first argument and nothing that was loaded under another organization; the
message carries ids only.  A suspended organization's tasks are refused, an erased one's are dropped.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from celery import Task, current_app

from tenants.backend.base import PUBLIC
from tenants.context import OrganizationSuspended, UnknownOrganization, in_schema
from tenants.organizations.models import Organization

logger = logging.getLogger(__name__)


class OrganizationTask(Task):  # type: ignore[type-arg]  # Celery's class is generic only in its stubs.
    """Opens the schema of the organization that the first argument names, around the task's own code."""

    abstract = True

    def __call__(self, organization_id: str, *args: Any, **kwargs: Any) -> Any:
        """Run the task in the organization's schema, or refuse when the organization may not act."""
        with in_schema(PUBLIC):
            row = Organization.objects.filter(id=UUID(organization_id)).values_list("schema_name", "state").first()
        if row is None or row[1] == Organization.State.ERASED:
            raise UnknownOrganization(f"Task {self.name}: there is no organization {organization_id}.")
        if row[1] == Organization.State.SUSPENDED:
            raise OrganizationSuspended(f"Task {self.name}: organization {organization_id} is suspended.")
        with in_schema(row[0]):
            return super().__call__(organization_id, *args, **kwargs)


def fan_out(task_name: str, busy: Callable[[Iterable[str]], set[str]] | None = None) -> int:
    """Send one message of the named task for every active organization; return how many.

    ``busy`` tells for which schemas there is anything to do; the others are sent nothing.
    """
    with in_schema(PUBLIC):
        active = Organization.objects.filter(state=Organization.State.ACTIVE)
        places = dict(active.values_list("schema_name", "id"))
        chosen = places.keys() if busy is None else busy(places)
    for schema in chosen:
        current_app.send_task(task_name, args=[str(places[schema])], expires=60)
    return len(chosen)
