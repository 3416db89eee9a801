"""Set how long browsers and programs of an organization's members stay signed in, and end what is over by that."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from allauth.idp.oidc.models import Token
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory.access import end_sessions
from tenants.directory.change import note
from tenants.directory.errors import DirectoryRefused
from tenants.directory.models import BrowserSession, SessionLimits
from tenants.directory.session_limits import UNITS, browsers_over, members_of, most, programs_over
from tenants.events import DirectoryKind
from tenants.sign_on.services.sessions import BASE

LEAST: dict[str, int] = {"browser_idle_minutes": 5, "browser_hours": 1, "program_idle_days": 1, "program_days": 1}


@dataclass(frozen=True, slots=True)
class LimitedSessions:
    """What each changed limit was and is, 0 for the operator's, and how many browsers and programs ended by it."""

    changes: Mapping[str, tuple[int, int]]
    browsers: int = 0
    programs: int = 0


@transaction.atomic
def limit_sessions(*, organization_id: UUID, limits: Mapping[str, int], actor: Actor) -> LimitedSessions:
    """Set the limits that are named; 0 leaves the operator's.  Raises DirectoryRefused for one out of range."""
    _check(limits)
    rows = SessionLimits.objects.of_installation()
    rows.get_or_create(organization_id=organization_id)
    row = rows.select_for_update().get(organization_id=organization_id)
    changes = {name: (getattr(row, name) or 0, value) for name, value in limits.items()}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if not changes:
        return LimitedSessions({})
    # What was over before is nothing that this change ends.
    _end_what_is_over(organization_id)
    for name, (_before, after) in changes.items():
        setattr(row, name, after or None)
    row.save(update_fields=list(changes))
    browsers, programs = _end_what_is_over(organization_id)
    note(
        kind=DirectoryKind.SESSION_LIMITS_CHANGED,
        organizations=[organization_id],
        actor=actor,
        details={
            "settings": {name: {"before": before, "after": after} for name, (before, after) in changes.items()},
            "browsers": browsers,
            "programs": programs,
        },
    )
    return LimitedSessions(changes, browsers, programs)


def end_sessions_over_limits() -> int:
    """End what is over by a limit in the whole installation; return how many rows that were."""
    keys = list(browsers_over().values_list("session_key", flat=True))
    end_sessions(UserSession.objects.filter(session_key__in=keys))
    ended = BrowserSession.objects.filter(session_key__in=keys).delete()[0]
    return int(ended + _end_programs([row.data.get("family") for row in programs_over()]) + len(keys))


def _end_what_is_over(organization_id: UUID) -> tuple[int, int]:
    """End sessions of members; what was handed over to hosts of organizations counts with where it came from."""
    members = members_of(organization_id)
    keys = list(browsers_over().filter(person_id__in=members).values_list("session_key", flat=True))
    listed = UserSession.objects.filter(session_key__in=keys)
    browsers = sum(1 for one in listed if not (isinstance(one.data, dict) and one.data.get(BASE)))
    end_sessions(listed)
    BrowserSession.objects.filter(session_key__in=keys).delete()
    families = [row.data.get("family") for row in programs_over().filter(user_id__in=members)]
    _end_programs(families)
    return browsers, len(families)


def _end_programs(families: list[str | None]) -> int:
    known = [one for one in families if one]
    return int(Token.objects.filter(data__family__in=known).delete()[0]) if known else 0


def _check(limits: Mapping[str, int]) -> None:
    for name, value in limits.items():
        if name not in UNITS:
            raise DirectoryRefused(_("There is no limit “{name}”.").format(name=name[:60]))
        if value != 0 and not LEAST[name] <= value <= most(name):
            raise DirectoryRefused(
                _("{name} is 0, for the limit of the installation, or {least} to {most}.").format(
                    name=name, least=LEAST[name], most=most(name)
                )
            )
