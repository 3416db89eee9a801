"""Answer "why?": the directory says who somebody is, the protection package explains (promise C32)."""

from dataclasses import dataclass, replace
from uuid import UUID

from chancery.policy.permission import Permission
from chancery.policy.rights import Right
from chancery.policy.subject import Subject
from portal.subjects.visible_people import VisiblePerson, visible_person_at
from portal.usecases.caller import Caller
from portal.usecases.sight import names_person, sight_of
from protection.selectors.budgets import is_paused
from protection.selectors.read_permissions import PermissionFacts, reading
from protection.selectors.why import Why, why
from tenants.directory.selectors.groups import group_path
from tenants.organizations.selectors import OrganizationFacts


@dataclass(frozen=True, slots=True)
class Explained:
    """The answer for one person; ``paths`` are the names of groups by which an entry reaches them, by group.

    ``applications`` are the read permissions by which the document is read, by itself or for this person.
    """

    who: VisiblePerson
    why: Why
    paths: dict[UUID, tuple[str, ...]]
    applications: tuple[PermissionFacts, ...]


def explain_document(
    *, caller: Caller, organization: OrganizationFacts, cid: UUID, address: str, right: Right, now: int
) -> Explained:
    """Explain whether somebody may exercise a right on a document.

    Groups are named to those who may read groups.  Raises NotFound for callers who may not see the document and
    NameRefused for what is no address.
    """
    who = visible_person_at(organization.id, address, inside=caller.knows_members)
    found = why(
        actor=caller.actor,
        organization=organization.id,
        service_active=organization.service_active,
        cid=cid,
        subject=_as_paused(caller, who),
        stranger=not who.known,
        right=right,
        now=now,
    )
    paths: dict[UUID, tuple[str, ...]] = {}
    if caller.may(Permission.GROUPS_READ):
        groups = (one.group for one in found.explanation.contributions if one.group is not None)
        paths = {group: group_path(organization.id, who.subject.person, group) for group in groups}
    return Explained(who, found, paths, reading(cid, who.subject, organization.id, now))


def _as_paused(caller: Caller, who: VisiblePerson) -> Subject:
    """Return whom a person is about as paused, where they are and the caller may know it."""
    watches = caller.may(Permission.SETTINGS_READ)
    person = who.subject.person
    known = who.known and (watches or person == caller.person)
    named = known and names_person(sight_of(caller=caller), person, audits=watches)
    return replace(who.subject, paused=True) if named and is_paused(person) else who.subject
