"""Which super-user grants somebody sees, and what the organization has set."""

from dataclasses import dataclass
from uuid import UUID

from chancery.errors import NotFound
from chancery.policy.permission import Permission
from chancery.texts import message
from portal import clock
from portal.usecases.caller import Caller
from portal.usecases.super_users.answer import may_approve, may_end, who_may_approve
from portal.usecases.super_users.ask import may_ask
from protection.selectors.super_users import (
    GrantFacts,
    Keeper,
    Opened,
    SuperUserSettings,
    grant_facts,
    grants,
    keepers,
    opened_under,
    super_user_settings,
)


@dataclass(frozen=True, slots=True)
class VisibleGrants:
    """Grants that a person sees, newest first."""

    rows: tuple[GrantFacts, ...]


@dataclass(frozen=True, slots=True)
class VisibleGrant:
    """One grant with what was opened under it, and what the reader may do with it now."""

    facts: GrantFacts
    opened: tuple[Opened, ...]
    active: bool
    own: bool
    approves: bool
    answers: bool
    ends: bool
    reports: bool
    presents: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """The organization's settings and what the reader may do about super users."""

    settings: SuperUserSettings
    keepers: tuple[Keeper, ...]
    manages: bool
    asks: bool
    sees_all: bool
    keeps: Keeper | None


def visible_grants(
    *, caller: Caller, state: str = "", mine: bool = False, limit: int = 50, before: int | None = None
) -> VisibleGrants:
    """Return grants, newest first: all by role, else, or where only these are asked for, the caller's own."""
    holder = caller.person if mine or not _sees_all(caller) else None
    return VisibleGrants(grants(holder=holder, state=state, limit=limit, before=before))


def visible_grant(*, caller: Caller, grant_id: UUID) -> VisibleGrant:
    """Return one grant to its holder, to who approves grants and to auditors.  Raises NotFound for everybody else."""
    found = grant_facts(grant_id)
    own = found.holder == caller.person
    keeper = any(one.person == caller.person for one in keepers())
    if not (own or _sees_all(caller) or (keeper and found.state == "waiting")):
        raise NotFound(message("There is no such super-user grant, or you may not see it."))
    active, waits = found.is_active(clock.now()), found.state == "waiting"
    return VisibleGrant(
        facts=found,
        opened=opened_under(grant_id),
        active=active,
        own=own,
        approves=waits and may_approve(caller, found),
        answers=waits and (own or caller.may(Permission.SUPER_USERS_APPROVE)),
        ends=active and may_end(caller, found),
        reports=found.starts is not None and not active,
        presents=waits and keeper and not own and not who_may_approve(caller.organization, found.holder),
    )


@dataclass(frozen=True, slots=True)
class Asking:
    """Whether somebody who does not administer may ask for a grant, so that the menu leads them there."""

    asks: bool


def asking(*, caller: Caller) -> Asking:
    """Return whether the caller may ask for a grant; whoever sees the settings finds it there."""
    return Asking(not caller.may(Permission.SETTINGS_READ) and may_ask(caller))


def standing(*, caller: Caller) -> Standing:
    """Return the settings of super users and what the caller may do about them."""
    known = keepers()
    return Standing(
        settings=super_user_settings(),
        keepers=known,
        manages=caller.may(Permission.SUPER_USERS_MANAGE),
        asks=may_ask(caller),
        sees_all=_sees_all(caller),
        keeps=next((one for one in known if one.person == caller.person), None),
    )


def _sees_all(caller: Caller) -> bool:
    """Tell whether the caller sees every grant."""
    return caller.may(Permission.SUPER_USERS_APPROVE) or caller.may(Permission.AUDIT_READ)
