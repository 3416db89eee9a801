"""How the service works for the organization: settings, and its switch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.policy.policy import Strength
from chancery.policy.unmet import in_networks
from portal.notifications.names import mail_tracking_changed
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
from portal.usecases.revocations import deactivate_service
from portal.usecases.self_granted_access import NOTIFIED_AT_MOST, enabled_with_role
from portal.words.settings import settings_in_words
from protection.models import Tracking
from protection.selectors.affected import affected_by_service
from protection.services.configure import Configuration, configure, stricter
from tenants.directory.roles import ADMINISTRATOR, AUDITOR
from tenants.directory.selectors.devices import devices_on
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


@transaction.atomic
def change_settings(
    *,
    caller: Caller,
    configuration: Configuration,
    stated: Stated,
    untracked_group: str | None = None,
    shows_changes: bool = False,
) -> Effect:
    """Change settings of the service, asked first where only an auditor can undo it.

    ``shows_changes`` asks whatever it is, with every difference: nobody has seen the settings of a file.

    ``untracked_group`` is a group's address, "" for none, None to leave it.  Raises NotFound for an address of no
    group, NeedsAnAuditor, and what ``configure`` and ``confirmed`` raise.
    """
    if untracked_group is not None:
        group = untracked_group_at(caller.organization, untracked_group)
        configuration = replace(configuration, untracked_group=group)

    def act(_reason: str) -> dict[str, tuple[object, object]]:
        return configure(actor=caller.actor, configuration=configuration, fewer=shows_somebody)

    def asked(made: Mapping[str, tuple[object, object]]) -> ConfirmationPrompt | None:
        guarded = _asked_first(caller, made)
        return _difference(_named(caller, made), guarded) if shows_changes and made else guarded

    changes = _named(caller, confirmed_by_outcome(stated, act, asked))
    words = " ".join(settings_in_words(changes))
    if {"tracking", "untracked_group"} & changes.keys():
        auditors = [one for one in enabled_with_role(caller.organization, AUDITOR) if one.id != caller.person]
        mail_tracking_changed(auditors[:NOTIFIED_AT_MOST], by=caller.address or caller.name, changes=words)
    return effect(
        bool(changes),
        _("Changed from the next license on: {changes}").format(changes=words),
        _("The settings are so already."),
    )


def _named(caller: Caller, changes: Mapping[str, tuple[object, object]]) -> dict[str, tuple[object, object]]:
    """Return changes with groups by their addresses."""
    group = changes.get("untracked_group")
    if group is None:
        return dict(changes)
    before, after = (untracked_address(caller.organization, one) for one in group)
    return {**changes, "untracked_group": (before, after)}


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


def _asked_first(caller: Caller, changes: Mapping[str, tuple[object, object]]) -> ConfirmationPrompt | None:
    """Return what is asked before people are hidden or every opening is bound by more, None where neither is."""
    hiding, binding = _hiding(caller, changes), _binding(caller, changes)
    if hiding is None or binding is None:
        return hiding or binding
    return replace(binding, consequences=(*binding.consequences, *hiding.consequences))


def _binding(caller: Caller, changes: Mapping[str, tuple[object, object]]) -> ConfirmationPrompt | None:
    """Return what is asked before somebody who met all that binds every opening may not meet it any more."""
    before = {name: pair[0] for name, pair in changes.items()}
    wanted: dict[str, Any] = {
        name: changes[name][1] for name in ("strength", "networks", "platforms_off") if name in changes
    }
    off: Any = before.get("platforms_off") or ()
    known = {name: before[name] for name in ("strength", "networks") if before.get(name)}
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
