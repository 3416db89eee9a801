"""How the service works for the organization: settings, and its switch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.policy.policy import Strength
from chancery.policy.times import is_open, parse_times
from chancery.policy.unmet import in_networks
from portal import clock
from portal.notifications.names import mail_tracking_changed
from portal.subjects.named_groups import group_addresses, groups_meant
from portal.subjects.untracked import shows_somebody, untracked_address, untracked_group_at
from portal.usecases import consequences
from portal.usecases.cached_licenses import kept_words
from portal.usecases.caller import Caller
from portal.usecases.confirmation import (
    ConfirmationPrompt,
    Stated,
    confirmed_by_outcome,
    copies_until,
    if_any,
    require_confirmation,
)
from portal.usecases.effects import Effect, effect
from portal.usecases.protecting import fewer_protect
from portal.usecases.revocations import deactivate_service
from portal.usecases.self_granted_access import NOTIFIED_AT_MOST, enabled_with_role
from portal.words.settings import settings_in_words
from protection.models import Tracking
from protection.selectors.affected import affected_by_service
from protection.services.configure import GROUPS, Configuration, configure, stricter
from tenants.directory.roles import ADMINISTRATOR, AUDITOR
from tenants.directory.selectors.devices import devices_on
from tenants.directory.services.limit_sessions import limit_sessions
from tenants.directory.session_limits import UNITS
from tenants.organizations.selectors import OrganizationFacts
from tenants.organizations.services.activate_service import activate_service


def switch_service(*, caller: Caller, organization: OrganizationFacts, on: bool, stated: Stated) -> Effect:
    """Switch the protection service on or off."""
    actor = caller.directory_actor
    if on:
        changed = activate_service(organization_id=organization.id, reason=stated.reason, actor=actor)
        return effect(
            changed, _("The service is on: documents can be protected and opened."), _("The service is on already.")
        )
    if not organization.service_active:
        return effect(False, "", _("The service is off already."))
    reason = require_confirmation(consequences.switching_off(organization), stated)
    changed = deactivate_service(organization_id=organization.id, reason=reason, actor=actor)
    until = affected_by_service().until
    return effect(
        changed,
        _("The service is off: nothing can be protected or opened until it is switched on again."),
        _("The service is off already."),
        *kept_words(until),
        latest_offline_moment=until,
    )


@dataclass(frozen=True, slots=True)
class Changed:
    """What each changed setting was and is, and how many browsers and programs are signed out by that."""

    settings: Mapping[str, tuple[object, object]]
    browsers: int
    programs: int


@transaction.atomic
def change_settings(
    *,
    caller: Caller,
    configuration: Configuration,
    stated: Stated,
    limits: Mapping[str, int] | None = None,
    untracked_group: str | None = None,
    protectors: Sequence[str] | None = None,
    shows_changes: bool = False,
) -> Effect:
    """Change settings of the service, asked first where only an auditor can undo it.

    ``shows_changes`` asks whatever it is, with every difference: nobody has seen the settings of a file.

    ``limits`` are how long members stay signed in, which is the directory's affair; 0 leaves the operator's limit.
    ``untracked_group`` is a group's address, "" for none, None to leave it; ``protectors`` are the addresses of the
    groups that may protect.  Raises NotFound for an address of no group, NeedsAnAuditor, and what ``configure``,
    ``limit_sessions`` and ``confirmed`` raise.
    """
    if untracked_group is not None:
        group = untracked_group_at(caller.organization, untracked_group)
        configuration = replace(configuration, untracked_group=group)
    if protectors is not None:
        configuration = replace(
            configuration, protectors=[str(one) for one in groups_meant(caller.organization, protectors)]
        )

    def act(_reason: str) -> Changed:
        limited = limit_sessions(organization_id=caller.organization, limits=limits or {}, actor=caller.directory_actor)
        named = partial(_called, caller.organization)
        made = configure(actor=caller.actor, configuration=configuration, fewer=shows_somebody, named=named)
        return Changed({**made, **limited.changes}, limited.browsers, limited.programs)

    def asked(made: Changed) -> ConfirmationPrompt | None:
        guarded = _asked_first(caller, made)
        return _difference(_named(caller, made.settings), guarded) if shows_changes and made.settings else guarded

    changes = _named(caller, confirmed_by_outcome(stated, act, asked).settings)
    words = " ".join(settings_in_words(changes))
    if {"tracking", "untracked_group"} & changes.keys():
        _tell_auditors(caller, words)
    return effect(
        bool(changes),
        (
            _("Changed from the next request on: {changes}")
            if changes.keys() <= {*UNITS}
            else _("Changed from the next license on: {changes}")
        ).format(changes=words),
        _("The settings are so already."),
    )


def _tell_auditors(caller: Caller, words: str) -> None:
    auditors = [one for one in enabled_with_role(caller.organization, AUDITOR) if one.id != caller.person]
    mail_tracking_changed(auditors[:NOTIFIED_AT_MOST], by=caller.address or caller.name, changes=words)


def _named(caller: Caller, changes: Mapping[str, tuple[object, object]]) -> dict[str, tuple[object, object]]:
    """Return changes with groups by their addresses."""
    return {
        name: (_called(caller.organization, pair[0]), _called(caller.organization, pair[1])) if name in GROUPS else pair
        for name, pair in changes.items()
    }


def _called(organization: UUID, value: object) -> object:
    """Return a group by its address, and several by theirs."""
    if isinstance(value, list | tuple):
        return list(group_addresses(organization, value))
    return untracked_address(organization, value)


def _difference(changes: Mapping[str, tuple[object, object]], guarded: ConfirmationPrompt | None) -> ConfirmationPrompt:
    """Return what is asked before the settings of a file are taken: every difference, and what it leads to."""
    return ConfirmationPrompt(
        question=ngettext("Change {number} setting?", "Change {number} settings?", len(changes)).format(
            number=len(changes)
        ),
        consequences=(*settings_in_words(changes), *(() if guarded is None else guarded.consequences)),
        button=_("Change them"),
        confirm="",
    )


def _asked_first(caller: Caller, made: Changed) -> ConfirmationPrompt | None:
    """Return what is asked before openings are bound by more, people signed out or hidden; None where nothing is."""
    asked = (
        _binding(caller, made.settings),
        fewer_protect(caller, made.settings),
        _signing_out(made),
        _hiding(caller, made.settings),
    )
    found = [one for one in asked if one is not None]
    if not found:
        return None
    return replace(found[0], consequences=tuple(sentence for one in found for sentence in one.consequences))


def _signing_out(made: Changed) -> ConfirmationPrompt | None:
    """Return what is asked before a limit signs somebody out at once."""
    if not made.browsers and not made.programs:
        return None
    return ConfirmationPrompt(
        question=_("Sign out what is over these limits?"),
        consequences=(
            *if_any(
                made.browsers,
                ngettext(
                    "{number} browser of your people is signed out at once.",
                    "{number} browsers of your people are signed out at once.",
                    made.browsers,
                ),
            ),
            *if_any(
                made.programs,
                ngettext(
                    "{number} command line or other program has to sign in again.",
                    "{number} command lines and other programs have to sign in again.",
                    made.programs,
                ),
            ),
            _("Whoever is signed out signs in again; devices and what they keep stay."),
        ),
        button=_("Sign them out"),
        confirm="",
    )


def _binding(caller: Caller, changes: Mapping[str, tuple[object, object]]) -> ConfirmationPrompt | None:
    """Return what is asked before somebody who met all that binds every opening may not meet it any more."""
    before = {name: pair[0] for name, pair in changes.items()}
    wanted: dict[str, Any] = {
        name: changes[name][1] for name in ("strength", "networks", "times", "platforms_off") if name in changes
    }
    off: Any = before.get("platforms_off") or ()
    known = {name: before[name] for name in ("strength", "networks", "times") if before.get(name)}
    if not stricter(Configuration(**wanted), known, off):
        return None
    until = affected_by_service().until
    return ConfirmationPrompt(
        question=_("Bind every opening by this?"),
        consequences=(
            _("It holds for everybody from their next opening on, owners and super users included."),
            *_bound(caller, wanted, off),
            copies_until(until),
            _("It can be changed back."),
        ),
        button=_("Bind every opening"),
        confirm="",
    )


def _bound(caller: Caller, wanted: Mapping[str, Any], off: Sequence[str]) -> Iterator[str]:
    """Yield what each condition means, and whether the caller would shut themselves out by it."""
    strength, networks = wanted.get("strength"), wanted.get("networks")
    if strength:
        yield _("Mailed codes and applications open nothing then, since nobody signs in for them.")
        if caller.subject is None or caller.subject.strength.rank < Strength(strength).rank:
            yield _("You signed in with less, so you open nothing yourself until you sign in that way.")
    if networks and not in_networks(caller.ip, networks):
        yield _("You are at {address} now, which is in none of these networks: from there you open nothing.").format(
            address=caller.ip or "?"
        )
    if wanted.get("times") and not is_open(parse_times(wanted["times"]), clock.now()):
        yield _("Now is none of these times: until the next one nobody opens anything, you included.")
    more = sorted({*wanted.get("platforms_off", ())} - {*off})
    number = devices_on(caller.organization, more) if more else 0
    yield from if_any(
        number,
        ngettext(
            "{number} active device of your people opens nothing any more.",
            "{number} active devices of your people open nothing any more.",
            number,
        ),
    )


def _hiding(caller: Caller, changes: Mapping[str, tuple[object, object]]) -> ConfirmationPrompt | None:
    """Return what is asked before people are hidden from owners, None where nobody is."""
    names = changes.get("tracking", (None, None))[0] == Tracking.NAMED
    if not names and changes.get("untracked_group", (None, None))[1] is None:
        return None
    answering = enabled_with_role(caller.organization, AUDITOR)
    others = [one for one in answering if one.id != caller.person and ADMINISTRATOR not in one.roles]
    return ConfirmationPrompt(
        question=_("Hide from owners who opens their documents?"),
        consequences=(
            _("Owners no longer see who opened their documents, neither from now on nor what they saw so far.")
            if names
            else _("Owners no longer see what members of this group do, neither from now on nor what they saw so far."),
            _("You cannot undo this alone: an auditor who is independent of you has to approve it."),
            *(() if others else (_("There is no auditor yet. Who administers alone makes somebody one first."),)),
        ),
        button=_("Hide it"),
        confirm="",
    )
