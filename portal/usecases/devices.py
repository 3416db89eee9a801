"""Devices: revoke one's own, and block somebody's at this organization."""

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from audit.selectors.people import devices_used
from portal.usecases import consequences
from portal.usecases.cached_licenses import kept_until, kept_words
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, copies_until, require_confirmation
from portal.usecases.effects import Effect, effect
from portal.usecases.roles import require_scope
from protection.selectors.affected import affected_by_device
from tenants.actor import Actor
from tenants.directory.errors import NotHere
from tenants.directory.selectors.devices import DeviceFacts, devices_of
from tenants.directory.selectors.people import person_in
from tenants.directory.services.block_device import block_device as block_device_service
from tenants.directory.services.block_device import unblock_device as unblock_device_service
from tenants.directory.services.revoke_device import revoke_device as revoke_device_service


@dataclass(frozen=True, slots=True)
class VisibleDevices:
    """The devices of one person that an organization sees, the newest first."""

    devices: tuple[DeviceFacts, ...]


def visible_devices(*, caller: Caller, person_id: UUID) -> VisibleDevices:
    """Return the devices of somebody of the organization; of guests those that were used here.  Raises NotHere."""
    person, found = person_in(caller.organization, person_id), devices_of(person_id)
    if not person.guest:
        return VisibleDevices(found)
    used = devices_used(person_id)
    return VisibleDevices(tuple(one for one in found if one.id in used or caller.organization in one.blocked_by))


def revoke_device(
    *, person_id: UUID, device: DeviceFacts, actor: Actor, stated: Stated, signs_out: bool = False
) -> Effect:
    """Revoke a device; one that signs itself out is not asked."""
    fresh = device.revoked_at is None
    # Who signs out forgets what the device keeps, and gets no message.
    until = None if signs_out else kept_until(person_id, device.id)
    if fresh:
        if not signs_out:
            require_confirmation(consequences.revoking_device(device, until), stated)
        revoke_device_service(person_id=person_id, device_id=device.id, actor=actor)
    return effect(
        fresh,
        _("{device} is revoked and gets no more licenses.").format(device=device.name),
        _("{device} is revoked already.").format(device=device.name),
        *kept_words(until),
        latest_offline_moment=until,
    )


def block_device(*, caller: Caller, person_id: UUID, device_id: UUID, stated: Stated) -> Effect:
    """Block a device at this organization, asked first."""
    device, address = _device(caller, person_id, device_id)
    changed = caller.organization not in device.blocked_by

    def act(reason: str) -> bool:
        return block_device_service(
            organization_id=caller.organization,
            person_id=person_id,
            device_id=device_id,
            reason=reason,
            actor=caller.directory_actor,
        )

    if changed:
        confirmed(_blocking(device, address), stated, act)
    until = affected_by_device(person_id, device_id).until
    words = {"device": device.name, "address": address}
    return effect(
        changed,
        _("“{device}” of {address} is blocked here: no license of this organization from now on.").format(**words),
        _("“{device}” of {address} is blocked here already.").format(**words),
        "" if until is None else copies_until(until),
        latest_offline_moment=until,
    )


def unblock_device(*, caller: Caller, person_id: UUID, device_id: UUID) -> Effect:
    """Take the block back."""
    device, address = _device(caller, person_id, device_id)
    changed = unblock_device_service(
        organization_id=caller.organization,
        person_id=person_id,
        device_id=device_id,
        actor=caller.directory_actor,
    )
    words = {"device": device.name, "address": address}
    return effect(
        changed,
        _("“{device}” of {address} gets licenses of this organization again.").format(**words),
        _("“{device}” of {address} is not blocked here.").format(**words),
    )


def _device(caller: Caller, person_id: UUID, device_id: UUID) -> tuple[DeviceFacts, str]:
    found = next(
        (one for one in visible_devices(caller=caller, person_id=person_id).devices if one.id == device_id), None
    )
    if found is None:
        raise NotHere(_("The person has no such device."))
    person = person_in(caller.organization, person_id)
    require_scope(caller, person)
    return found, person.email or person.name


def _blocking(device: DeviceFacts, address: str) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=_("Block “{device}” of {address} here?").format(device=device.name, address=address),
        consequences=(
            _("It can no longer open or protect documents of this organization. Their other devices keep working."),
            _(
                "It stays signed in and keeps working at other organizations: only {address} can revoke it everywhere."
            ).format(address=address),
            _("A person who can sign in as {address} can add another device. To stop that too, disable them.").format(
                address=address
            ),
            copies_until(affected_by_device(device.person_id, device.id).until),
            _("The block can be taken back."),
        ),
        button=_("Block it here"),
        confirm=device.name,
        needs_reason=True,
    )
