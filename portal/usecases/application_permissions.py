"""What one application may do, each with what it comes from: roles that it was given, and read permissions."""

from dataclasses import dataclass

from portal.usecases.caller import Caller
from protection.selectors.read_permissions import PermissionFacts, permissions
from tenants.directory.selectors.domains import ApplicationFacts
from tenants.directory.selectors.people import names_of
from tenants.directory.selectors.roles import AssignmentFacts, assignments_of


@dataclass(frozen=True, slots=True)
class GivenToApplication:
    """A role of an application; ``given_by`` is "" where nobody knows, or they have left."""

    role: AssignmentFacts
    given_by: str


@dataclass(frozen=True, slots=True)
class ApplicationPermissions:
    """All that an application may do beside what documents grant it."""

    roles: tuple[GivenToApplication, ...]
    reads: tuple[PermissionFacts, ...]


def application_permissions(*, caller: Caller, application: ApplicationFacts) -> ApplicationPermissions:
    """Return the roles that an application holds, and the read permissions that wait or are in force."""
    rows = assignments_of(caller.organization, application.person_id)
    names = names_of(caller.organization, {one.given_by for one in rows if one.given_by is not None})
    return ApplicationPermissions(
        tuple(GivenToApplication(one, "" if one.given_by is None else names.get(one.given_by, "")) for one in rows),
        tuple(one for one in permissions(holder=application.person_id) if one.state in {"waiting", "active"}),
    )
