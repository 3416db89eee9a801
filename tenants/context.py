"""Caller in an organization's schema, for one block of code.

Only interfaces, the task base and services that write into an organization's ledger from outside use this; everything
else already is where it belongs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast
from uuid import UUID

from django.db import connection
from django_tenants.utils import schema_context

from tenants.backend.base import PUBLIC, DatabaseWrapper
from tenants.organizations.models import Organization


class UnknownOrganization(LookupError):
    """No organization has this id, or it has been erased."""


class OrganizationSuspended(Exception):
    """The organization is suspended; nothing is done in its name until an operator resumes it."""


def current_schema() -> str:
    """Return the name of the schema in which the connection is."""
    return _wrapper().schema_name


def enter(schema_name: str) -> None:
    """Use a schema until further notice; for the interface, which leaves again when it has answered."""
    _wrapper().set_schema(schema_name)


def leave_to_public() -> None:
    """Use the shared schema alone."""
    _wrapper().set_schema_to_public()


def schema_of(organization_id: UUID) -> str:
    """Return the name of the organization's schema."""
    row = (
        Organization.objects.filter(id=organization_id)
        .exclude(state=Organization.State.ERASED)
        .values_list("schema_name", flat=True)
        .first()
    )
    if row is None:
        raise UnknownOrganization(f"There is no organization {organization_id}.")
    return row


@contextmanager
def in_organization(organization_id: UUID) -> Iterator[None]:
    """Run the block in the organization's schema and return to the caller's schema."""
    with in_schema(schema_of(organization_id)):
        yield


@contextmanager
def in_schema(schema_name: str) -> Iterator[None]:
    """Run the block in a schema whose name the caller already knows; nested blocks return to the outer one."""
    if current_schema() == schema_name:
        yield
        return
    with schema_context(schema_name):
        yield


@contextmanager
def in_public() -> Iterator[None]:
    """Run the block in the shared schema alone."""
    with in_schema(PUBLIC):
        yield


def _wrapper() -> DatabaseWrapper:
    """Return the connection as what it is: our own backend's."""
    return cast("DatabaseWrapper", connection)
