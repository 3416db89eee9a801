"""The organization's keys: create, rotate, activate and mark as compromised."""

from uuid import UUID

from django.utils.translation import gettext as _

from chancery.errors import NotFound
from chancery.texts import message
from portal.usecases import consequences
from portal.usecases.cached_licenses import kept_words
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Stated, require_confirmation
from portal.usecases.effects import Effect, effect
from protection.selectors.affected import affected_by_key
from protection.selectors.organization import Key, keys
from protection.services.rotate_key import activate_key as activate_key_service
from protection.services.rotate_key import create_key as create_key_service
from protection.services.rotate_key import mark_key_compromised as mark_key_compromised_service
from protection.services.rotate_key import rotate_key as rotate_key_service


def create_key(*, caller: Caller, suite: str | None) -> Effect:
    """Make a tenant key, archived until it is activated."""
    made = create_key_service(organization=caller.organization, actor=caller.actor, suite=suite)
    return effect(True, _("The key is made and archived until you activate it."), "", id=str(made))


def rotate_key(*, caller: Caller, suite: str | None, stated: Stated) -> Effect:
    """Make a tenant key and protect by it from now on."""
    reason = require_confirmation(consequences.activating_key(None), stated)
    made = rotate_key_service(organization=caller.organization, actor=caller.actor, suite=suite, reason=reason)
    done = _("The new key protects from now on. Old documents still open.")
    return effect(True, done, "", id=str(made))


def activate_key(*, caller: Caller, key_id: UUID, stated: Stated) -> Effect:
    """Protect by an archived key from now on."""
    key = _key(key_id)
    reason = stated.reason
    if key.status == "archived":
        reason = require_confirmation(consequences.activating_key(key), stated)
    return effect(
        activate_key_service(organization=caller.organization, actor=caller.actor, key=key_id, reason=reason),
        _("The key {key} protects from now on.").format(key=key.kid[:16]),
        _("The key {key} is the active one already.").format(key=key.kid[:16]),
    )


def mark_key_compromised(*, caller: Caller, key_id: UUID, stated: Stated) -> Effect:
    """Mark a key as compromised."""
    key = _key(key_id)
    reason = stated.reason
    if key.status == "archived":
        reason = require_confirmation(consequences.compromising_key(key), stated)
    changed = mark_key_compromised_service(
        organization=caller.organization, actor=caller.actor, key=key_id, reason=reason
    )
    until = affected_by_key(key_id).until
    return effect(
        changed,
        _("The key {key} no longer opens anything.").format(key=key.kid[:16]),
        _("The key {key} is marked as compromised already.").format(key=key.kid[:16]),
        *kept_words(until),
        latest_offline_moment=until,
    )


def _key(key_id: UUID) -> Key:
    found = next((one for one in keys() if one.id == key_id), None)
    if found is None:
        raise NotFound(message("There is no such key."))
    return found
