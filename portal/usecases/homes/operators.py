"""What operators decide about the homes of foreign mail domains, each recorded in their record.

See docs/protocol.md P32.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from portal.identity.homes.lookup import forget_lookup, read_home
from tenants import naming
from tenants.actor import Actor
from tenants.directory.errors import NotHere
from tenants.events import OperatorKind
from tenants.homes.selectors import home_of_domain
from tenants.homes.services import homes
from tenants.organizations.services.record_operator import record_operator


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided, in words."""

    message: str


def forbid_home(*, domain: str, actor: Actor) -> Decided:
    """Let people of a mail domain sign in here by themselves, and no more at home.  Raises NameRefused."""
    normal = naming.mail_domain(domain)
    with transaction.atomic():
        homes.forbid_home(domain=normal)
        _record(OperatorKind.HOME_FORBIDDEN, normal, actor)
    return Decided(_("People of {domain} sign in here by themselves from now on.").format(domain=normal))


def allow_home(*, domain: str, actor: Actor) -> Decided:
    """Let them sign in at home again.  Raises NameRefused and NotHere."""
    normal = naming.mail_domain(domain)
    with transaction.atomic():
        homes.allow_home(domain=normal)
        _record(OperatorKind.HOME_ALLOWED, normal, actor)
    return Decided(_("People of {domain} sign in at home again.").format(domain=normal))


def forget_home(*, domain: str, actor: Actor) -> Decided:
    """Unbind the accounts of a domain's people from their home.  Raises NameRefused and NotHere."""
    normal = naming.mail_domain(domain)
    with transaction.atomic():
        bound = homes.forget_home(domain=normal)
        _record(OperatorKind.HOME_FORGOTTEN, normal, actor)
    return Decided(
        _("The home of {domain} is forgotten; unbound accounts: {number}.").format(domain=normal, number=bound)
    )


def accept_home(*, domain: str, actor: Actor) -> Decided:
    """Believe that the same installation is at the new address that the domain names.

    Raises NameRefused, NotHere, DirectoryRefused where it names none, and ProviderFailed where nobody answers there.
    """
    normal = naming.mail_domain(domain)
    known = home_of_domain(normal)
    if known is None:
        raise NotHere(_("Nobody of {domain} has signed in at home.").format(domain=normal))
    found = read_home(known.rival) if known.rival else None
    with transaction.atomic():
        kept = homes.accept_home(
            domain=normal, metadata={} if found is None else found.members, keys={} if found is None else found.keys
        )
        _record(OperatorKind.HOME_ACCEPTED, normal, actor)
    return Decided(
        _("The home of {domain} is {issuer} now; accounts stay bound.").format(domain=normal, issuer=kept.issuer)
    )


def _record(kind: OperatorKind, domain: str, actor: Actor) -> None:
    record_operator(kind=kind, actor=actor, details={"domain": domain})
    forget_lookup(domain)
