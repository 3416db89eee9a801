"""Whether somebody may protect, and where: said before they fill in anything (promise C50, decision 46)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.texts import Text
from portal.subjects.directory import DirectoryOf
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, if_any
from protection.selectors.protecting import ProtectingLimits, Protector, limits_of, protecting_limits
from protection.services.configure import PLATFORMS, PROTECTING
from protection.services.protecting import WHY, step_of
from tenants.context import in_organization
from tenants.directory.selectors.held import enabled_members, held_through_groups
from tenants.directory.selectors.people import MembershipFacts, memberships_of


@dataclass(frozen=True, slots=True)
class ProtectingStanding:
    """Whether somebody may protect at an organization; where not, why and what helps."""

    allowed: bool
    why: Text | str = ""
    next_step: Text | str = ""


@dataclass(frozen=True, slots=True)
class ProtectingPlace:
    """An organization of somebody, and whether they may protect for it."""

    place: MembershipFacts
    standing: ProtectingStanding


@dataclass(frozen=True, slots=True)
class ProtectingPlaces:
    """The organizations of which somebody is an enabled member."""

    places: tuple[ProtectingPlace, ...]

    @property
    def open(self) -> tuple[MembershipFacts, ...]:
        """Those for which they may protect."""
        return tuple(one.place for one in self.places if one.standing.allowed)

    @property
    def closed(self) -> tuple[ProtectingPlace, ...]:
        """Those for which they may not."""
        return tuple(one for one in self.places if not one.standing.allowed)


def may_protect(*, caller: Caller, platform: str) -> ProtectingStanding:
    """Return whether the caller may protect here on a kind of device; the answer is advice, nothing rests on it."""
    groups = () if caller.subject is None else caller.subject.groups
    held = frozenset(one.id for one in groups if one.live and one.organization == caller.organization)
    return _standing(protecting_limits(), Protector(held, platform, caller.is_application))


def protecting_places(*, actor: UUID, platform: str) -> ProtectingPlaces:
    """Return for which of their organizations somebody may protect on a kind of device."""
    places = (one for one in memberships_of(actor) if not one.disabled and not one.guest)
    return ProtectingPlaces(tuple(ProtectingPlace(one, _standing_at(one, actor, platform)) for one in places))


def _standing_at(place: MembershipFacts, person: UUID, platform: str) -> ProtectingStanding:
    with in_organization(place.organization_id):
        limits = protecting_limits()
    groups = DirectoryOf(place.organization_id).groups_of(person) if limits.groups else frozenset[UUID]()
    return _standing(limits, Protector(groups, platform, application=False))


def _standing(limits: ProtectingLimits, protector: Protector) -> ProtectingStanding:
    excluded = limits.excludes(protector)
    if excluded is None:
        return ProtectingStanding(allowed=True)
    return ProtectingStanding(allowed=False, why=WHY[excluded], next_step=step_of(excluded, limits.contact))


def fewer_protect(caller: Caller, changes: Mapping[str, tuple[object, object]]) -> ConfirmationPrompt | None:
    """Return what is asked before somebody may not protect any more, None where everybody may who could.

    It is asked when the change is made already and may be undone: what did not change is read as it is.
    """
    if not PROTECTING.keys() & changes.keys():
        return None
    after = protecting_limits()
    kept = {"protectors": after.groups, "protectors_on": after.on, "protecting_off": after.off}
    before = limits_of({name: _texts(changes[name][0] if name in changes else value) for name, value in kept.items()})
    lost = _lost(caller.organization, before, after)
    off = sorted(after.off - before.off)
    if not lost and not off:
        return None
    return ConfirmationPrompt(
        question=_("Let fewer people protect?"),
        consequences=(
            *_who_loses(caller, after, lost, off),
            _("They open what they were given as before, and change and take back what they protected."),
            _("What they protect without a network waits for an administrator."),
            _("It can be changed back."),
        ),
        button=_("Let fewer protect"),
        confirm="",
    )


def _texts(values: Any) -> list[str]:
    return [str(one) for one in values]


def _who_loses(caller: Caller, after: ProtectingLimits, lost: frozenset[UUID], off: list[str]) -> Iterator[str]:
    if off:
        yield _("Nothing is protected any more with these kinds of program and device: {kinds}.").format(
            kinds=", ".join(off)
        )
    yield from if_any(
        len(lost),
        ngettext(
            "{number} person loses the right to protect.", "{number} people lose the right to protect.", len(lost)
        ),
    )
    if lost and after.on:
        yield _("They lose it on these kinds of device: {kinds}.").format(kinds=", ".join(sorted(after.on)))
    if caller.person in lost:
        yield _("You lose it yourself.")


def _lost(organization: UUID, before: ProtectingLimits, after: ProtectingLimits) -> frozenset[UUID]:
    """Return the members who could protect on a kind of device by their groups, and could not any more."""
    members = enabled_members(organization)
    both = {before.groups, after.groups}
    held = {one: held_through_groups(organization, one) & members if one else members for one in both}
    found: set[UUID] = set()
    for platform in PLATFORMS:
        had = held[before.groups] if _limited(before, platform) else members
        has = held[after.groups] if _limited(after, platform) else members
        found |= had - has
    return frozenset(found)


def _limited(limits: ProtectingLimits, platform: str) -> bool:
    return bool(limits.groups) and (not limits.on or platform in limits.on)
