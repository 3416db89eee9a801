"""What the operator commands share: how they start, finding an organization, and refusals without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from portal.checks import TAG
from portal.usecases.embedded_sign_in import NotPossibleHere
from protection.selectors.affected import Reach, affected_by_service
from protection.selectors.organization import is_activated
from tenants.context import UnknownOrganization, in_schema
from tenants.directory.errors import DirectoryRefused
from tenants.directory.selectors.people import count_in
from tenants.naming import NameRefused
from tenants.organizations.selectors import OrganizationFacts, organization_by_slug
from tenants.organizations.services.change_state import WrongState
from tenants.provisioning import BaseSchemaOutdated

REFUSALS = (BaseSchemaOutdated, DirectoryRefused, NameRefused, NotPossibleHere, UnknownOrganization, WrongState)


class OperatorCommand(BaseCommand):
    """A command that looks at our own settings before it starts, and at nothing else.

    Django's checks of everything load every page and interface, which takes longer than most commands do.
    """

    requires_system_checks = [TAG]  # Django's own name and type


@contextmanager
def refusals_as_errors() -> Iterator[None]:
    """Turn what the services refuse into one line on standard error and a failing exit."""
    try:
        yield
    except REFUSALS as refusal:
        raise CommandError(str(refusal)) from refusal
    except IntegrityError as error:
        raise CommandError("There is already something with this name.") from error


def concerned(organization: OrganizationFacts) -> tuple[str, ...]:
    """Say how many documents and people an act upon a whole organization concerns, and until when copies live."""
    with in_schema(organization.schema_name):
        reach = affected_by_service() if is_activated() else Reach(0, 0, None)
    members = count_in(organization.id)
    until = (
        "No copy is kept on any device."
        if reach.until is None
        else f"Copies on devices that do not connect can be opened until {reach.until:%Y-%m-%d %H:%M %Z} at the latest."
    )
    return (f"{organization.name}: {reach.documents} documents, {members} people and applications.", until)


def organization_named(slug: str) -> OrganizationFacts:
    """Return the organization with this short name, or end the command."""
    found = organization_by_slug(slug)
    if found is None or found.state == "erased":
        raise CommandError(f"There is no organization {slug}.")
    return found
