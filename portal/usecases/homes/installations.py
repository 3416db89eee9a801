"""Other installations at which an organization's members sign in: the list, and where they may not.

See docs/protocol.md P32.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from chancery.errors import InvalidPolicy
from chancery.policy.permission import Permission
from chancery.texts import message
from portal.identity.homes.names import RECORD_NAME, record_text
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed
from portal.usecases.effects import Effect, effect
from tenants import naming
from tenants.directory.errors import NotHere, NotPermitted
from tenants.directory.selectors.domains import domains_in
from tenants.homes.selectors import VisitedInstallation, installations_of
from tenants.homes.services.installations import allow_installation, forbid_installation


@dataclass(frozen=True, slots=True)
class HomeRecord:
    """The TXT record by which a proven mail domain names this installation as the home of its people."""

    domain: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Installations:
    """Where members signed in or may not, a page of it by host, and the records of the organization's domains.

    ``next`` is the host after which the next page begins, "" at the end.
    """

    rows: tuple[VisitedInstallation, ...]
    next: str
    records: tuple[HomeRecord, ...]


def visible_installations(*, caller: Caller, after: str = "", limit: int = 50) -> Installations:
    """Return where members of the caller's organization sign in."""
    found = [one for one in installations_of(caller.organization) if one.host > after]
    following = found[limit - 1].host if len(found) > limit else ""
    proven = [one.domain for one in domains_in(caller.organization) if one.proven_at]
    records = tuple(HomeRecord(domain, f"{RECORD_NAME}.{domain}", record_text()) for domain in proven)
    return Installations(tuple(found[:limit]), following, records)


def forbid(*, caller: Caller, host: str, stated: Stated) -> Effect:
    """Let members sign in at an installation no more, nor at any below its host, once that is confirmed.

    Raises InvalidPolicy, NotPermitted and what ``confirmed`` raises.
    """
    _require_manager(caller)
    normal = _host(host)
    prompt = ConfirmationPrompt(
        question=_("Forbid members to sign in at {host}?").format(host=normal),
        consequences=(
            _("Members sign in there by their accounts here no more, nor at hosts below it."),
            _("Who is signed in there stays so for twelve hours at most; what they can open there is for its owners."),
        ),
        button=_("Forbid"),
        confirm=normal,
        needs_reason=True,
    )

    def act(reason: str) -> bool:
        return forbid_installation(
            organization_id=caller.organization, host=normal, reason=reason, actor=caller.directory_actor
        )

    done = confirmed(prompt, stated, act)
    return effect(
        done,
        _("Members cannot sign in at {host} any more.").format(host=normal),
        _("{host} is forbidden already.").format(host=normal),
        host=normal,
    )


def allow(*, caller: Caller, host: str) -> Effect:
    """Let members sign in at an installation again.  Raises InvalidPolicy, NotHere and NotPermitted."""
    _require_manager(caller)
    normal = _host(host)
    if not allow_installation(organization_id=caller.organization, host=normal, actor=caller.directory_actor):
        raise NotHere(_("{host} is not forbidden.").format(host=normal))
    return effect(True, _("Members can sign in at {host} again.").format(host=normal), "", host=normal)


def _require_manager(caller: Caller) -> None:
    if not caller.may(Permission.SETTINGS_MANAGE):
        raise NotPermitted(_("Only who manages settings decides where members sign in."))


def _host(written: str) -> str:
    """Return a host, with its port where it is not the usual one, from what people copy.  Raises InvalidPolicy."""
    plain = written.strip().rstrip("/").rpartition("://")[2]
    name, _colon, port = plain.partition(":")
    try:
        normal = naming.host(name)
        number = int(port) if port else 0
    except (naming.NameRefused, ValueError):
        normal, number = "", -1
    if not normal or not 0 <= number < 65_536 or "/" in plain:
        raise InvalidPolicy(
            message("{host!r} is not the host of an installation.", host=written[:100]),
            remedy=message("Write it like rights.fabrikam.example."),
        )
    return f"{normal}:{number}" if number else normal
