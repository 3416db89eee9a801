"""A lost device: reported by its person, who signs in afresh or has a code from an administrator.

The code ends a device and does nothing else.  It replaces neither a password nor a second factor, since whoever gives
it must not become the person by it (docs/protocol.md P18).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chancery.errors import ChanceryError
from chancery.texts import message
from portal.notifications.sessions import mail_device_lost, mail_loss_code
from portal.throttle import count_wrong_guess, may_guess
from portal.usecases.cached_licenses import kept_until, kept_words
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, copies_until
from portal.usecases.effects import Effect, effect
from portal.usecases.roles import require_scope
from tenants.actor import Actor
from tenants.directory.address_holders import vouches
from tenants.directory.errors import CodeRefused, NotHere, NotPermitted
from tenants.directory.selectors.devices import DeviceFacts, device_of, devices_of
from tenants.directory.selectors.people import named_person, person_in
from tenants.directory.selectors.sessions import sessions_in_use
from tenants.directory.services.end_sessions import end_sessions
from tenants.directory.services.loss_code import (
    LIFETIME,
    holder_of_loss_code,
    use_loss_code,
)
from tenants.directory.services.loss_code import issue_loss_code as issue_loss_code_service
from tenants.directory.services.revoke_device import revoke_device

GUESSES: Final = 10
"""Wrong codes that one network address may try within ``SECONDS``."""
SECONDS: Final = 60


class TooManyGuesses(ChanceryError):
    """Too many wrong codes came from one network address."""

    code = "too_many_codes"

    def __init__(self, seconds: int) -> None:
        super().__init__(message("Too many wrong codes were entered."), remedy=message("Wait a minute."))
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class LossCodeGiven:
    """A code, shown once, and until when it is good."""

    code: str
    until: datetime
    effect: Effect


@dataclass(frozen=True, slots=True)
class DevicesInUse:
    """The devices of which one may be lost, the newest first."""

    devices: tuple[DeviceFacts, ...]


def report_lost(*, actor: Actor, device_id: UUID, stated: Stated) -> Effect:
    """Revoke one's own device as lost, asked first, after a fresh sign-in.  Raises NotHere."""
    if actor.person_id is None:
        raise NotPermitted(_("Sign in first."))
    return _lost(actor.person_id, device_id, actor, stated, code="")


def devices_by_loss_code(*, actor: Actor, address: str, code: str) -> DevicesInUse:
    """Return the devices in use of the person whose code it is.  Raises CodeRefused and TooManyGuesses."""
    person = _holder(actor, address, code)
    return DevicesInUse(tuple(one for one in devices_of(person) if one.revoked_at is None))


def report_lost_by_code(*, actor: Actor, address: str, code: str, device_id: UUID, stated: Stated) -> Effect:
    """Revoke a device as lost with a code from an administrator, asked first.  Raises CodeRefused and NotHere."""
    person = _holder(actor, address, code)
    named = named_person(person)
    themselves = Actor(
        person_id=person,
        name=(named.name or named.email) if named else "",
        source=actor.source,
        ip=actor.ip,
        address=named.email if named else "",
    )
    return _lost(person, device_id, themselves, stated, code=code)


def give_loss_code(*, caller: Caller, person_id: UUID, stated: Stated) -> LossCodeGiven:
    """Give a member a code to report a device lost, asked first and with a reason.  Raises NotHere and NotPermitted."""
    person = person_in(caller.organization, person_id)
    require_scope(caller, person)
    if person.guest or person.is_service or not vouches(caller.organization, person_id):
        raise NotPermitted(_("Only the organization that manages the account can give such a code."))
    until = timezone.now() + LIFETIME

    def act(reason: str) -> str:
        return issue_loss_code_service(
            organization_id=caller.organization, person_id=person_id, reason=reason, actor=caller.directory_actor
        )

    with transaction.atomic():
        code = confirmed(_giving(person.email), stated, act)
        mail_loss_code(person=person_id, address=person.email, by=caller.address or caller.name)
    done = _("{address} has a code for 15 minutes and one device. It is shown this once.")
    return LossCodeGiven(code, until, effect(True, done.format(address=person.email), ""))


def _holder(actor: Actor, address: str, code: str) -> UUID:
    """Return whose code it is; wrong ones are counted by network address.  Raises CodeRefused and TooManyGuesses."""
    guesser = f"loss-code:{actor.ip}"
    if not may_guess(guesser, most=GUESSES):
        raise TooManyGuesses(SECONDS)
    try:
        return holder_of_loss_code(address=address, code=code)
    except CodeRefused:
        count_wrong_guess(guesser, seconds=SECONDS)
        raise


def _lost(person_id: UUID, device_id: UUID, actor: Actor, stated: Stated, *, code: str) -> Effect:
    device = device_of(person_id, device_id)
    if device is None:
        raise NotHere(_("The person has no such device."))
    until = kept_until(person_id, device_id)

    def act(_reason: str) -> None:
        if code:
            use_loss_code(person_id=person_id, code=code)
        browsers = [one for one in sessions_in_use(person_id) if one.kind == "browser" and device_id in one.devices]
        revoke_device(person_id=person_id, device_id=device_id, lost=True, actor=actor)
        if browsers:
            end_sessions(person_id=person_id, sessions=browsers, title=device.name, actor=actor)

    if device.revoked_at is None:
        with transaction.atomic():
            confirmed(_losing(device, until, by_code=bool(code)), stated, act)
            mail_device_lost(person=person_id, address=actor.address, device=device.name, ip=actor.ip)
    done = _("“{device}” is signed out and opens nothing. Sign in on the new device with chancery login.")
    return effect(
        device.revoked_at is None,
        done.format(device=device.name),
        _("{device} is revoked already.").format(device=device.name),
        *kept_words(until),
        latest_offline_moment=until,
    )


def _losing(device: DeviceFacts, until: datetime | None, *, by_code: bool) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=_("Is “{device}” lost?").format(device=device.name),
        consequences=(
            _("It is signed out, gets no license from now on, and says so to whoever uses it."),
            copies_until(until),
            _("Your files need nothing: on the new device each asks for a new license when you open it."),
            _("This cannot be undone; if you find it, sign in on it anew."),
        ),
        button=_("It is lost"),
        confirm=device.name,
        needs_fresh=not by_code,
    )


def _giving(address: str) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=_("Give {address} a code for a lost device?").format(address=address),
        consequences=(
            _("Make sure that you speak to the person themselves, by a call or face to face."),
            _("The code ends one device of theirs. It signs nobody in, and shows only the names of devices."),
            _("They get a mail about it, and your reason is on record."),
        ),
        button=_("Give the code"),
        confirm=address,
        needs_reason=True,
        needs_fresh=True,
        gives=True,
    )
