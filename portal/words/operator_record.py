"""The operators' record in words, the same on the console's page and at the command line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.words.actors import FIRST_START, NOBODY_SIGNED_IN
from tenants.actor import OPERATOR
from tenants.directory.selectors.people import shown_names
from tenants.events import DirectoryKind, OperatorKind
from tenants.organizations.selectors import OperatorEntry

KINDS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        DirectoryKind.DOMAIN_CLAIMED: _("Mail domain claimed"),
        DirectoryKind.DOMAIN_PROVEN: _("Mail domain proven"),
        DirectoryKind.ENROLLMENT_CODE_ISSUED: _("Enrollment code issued"),
        DirectoryKind.ORGANIZATION_RESTORE_CONFIRMED: _("Restore from a backup confirmed"),
        DirectoryKind.ORGANIZATION_RESUMED: _("Organization resumed"),
        DirectoryKind.ORGANIZATION_SUSPENDED: _("Organization suspended"),
        DirectoryKind.ORGANIZATION_TAKEN_OVER: _("Organization of individuals taken over"),
        DirectoryKind.PERSON_CREATED: _("Person added"),
        DirectoryKind.PERSON_INVITED: _("Guest added"),
        DirectoryKind.SERVICE_ACTIVATED: _("Protection service switched on"),
        DirectoryKind.SERVICE_DEACTIVATED: _("Protection service switched off"),
        DirectoryKind.SIGN_IN_LINK_ISSUED: _("Sign-in link issued"),
        OperatorKind.HOME_ACCEPTED: _("New address of a mail domain's home accepted"),
        OperatorKind.HOME_ALLOWED: _("Sign-in at a mail domain's home allowed again"),
        OperatorKind.HOME_FORBIDDEN: _("Sign-in at a mail domain's home forbidden"),
        OperatorKind.HOME_FORGOTTEN: _("Home of a mail domain forgotten"),
        OperatorKind.MAIL_DROPPED: _("Mail dropped"),
        OperatorKind.MAIL_RETRIED: _("Mail sent again"),
        OperatorKind.OPERATOR_ADDED: _("Operator added"),
        OperatorKind.OPERATOR_REMOVED: _("Operator removed"),
        OperatorKind.ORGANIZATION_CREATED: _("Organization created"),
        OperatorKind.ORGANIZATION_ERASED: _("Organization erased"),
    }
)
"""What each kind of entry is called."""

_NAMELESS: Final = {
    OPERATOR.name: _("Command line"),
    FIRST_START: _("The first start of the service"),
    NOBODY_SIGNED_IN: _("Not signed in, at this machine"),
}
"""How the record shows those who act without an account."""


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """One entry; ``whom`` is the person it was done to, ``number`` how many messages it was about."""

    at: datetime
    what: str
    who: str
    slug: str
    whom: str
    number: int | None
    reason: str


def shown_entries(entries: Iterable[OperatorEntry]) -> tuple[ShownEntry, ...]:
    """Return entries in the reader's language, with the people's addresses of now."""
    listed = tuple(entries)
    names = shown_names({UUID(one.details["target"]) for one in listed if "target" in one.details})
    return tuple(_shown(one, names) for one in listed)


def _shown(entry: OperatorEntry, names: Mapping[UUID, str]) -> ShownEntry:
    details = entry.details
    return ShownEntry(
        at=entry.at,
        what=str(KINDS.get(entry.kind, entry.kind)),
        who=str(_NAMELESS.get(entry.actor, entry.actor)),
        slug=entry.slug,
        whom=_whom(details, names),
        number=details.get("number"),
        reason=str(details.get("reason", "")),
    )


def _whom(details: Mapping[str, Any], names: Mapping[UUID, str]) -> str:
    """Return the person's address; the id of one who is not known any more."""
    target = details.get("target")
    return "" if target is None else names.get(UUID(target), target)
