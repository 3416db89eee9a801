"""What the operator commands share: finding an organization, and saying a refusal instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import IntegrityError

from portal.operations.welcome import NotPossibleHere
from tenants.context import UnknownOrganization
from tenants.directory.errors import DirectoryRefused
from tenants.naming import NameRefused
from tenants.organizations.selectors import OrganizationFacts, organization_by_slug
from tenants.organizations.services.change_state import WrongState
from tenants.provisioning import BaseSchemaOutdated

REFUSALS = (BaseSchemaOutdated, DirectoryRefused, NameRefused, NotPossibleHere, UnknownOrganization, WrongState)


@contextmanager
def refusals_said() -> Iterator[None]:
    """Turn what the services refuse into one line on standard error and a failing exit."""
    try:
        yield
    except REFUSALS as refusal:
        raise CommandError(str(refusal)) from refusal
    except IntegrityError as error:
        raise CommandError("There is already something with this name.") from error


def organization_named(slug: str) -> OrganizationFacts:
    """Return the organization with this short name, or end the command."""
    found = organization_by_slug(slug)
    if found is None or found.state == "erased":
        raise CommandError(f"There is no organization {slug}.")
    return found
