"""An organization's administrators see the devices that their people use here, and block one at this organization.

A device belongs to its person, who may use it with several organizations, so only the person revokes it everywhere.
Of a guest's devices those are shown that were used here: of the others this organization has no business to know.
"""

from uuid import UUID

from django.utils.translation import gettext as _

from audit.selectors.people import devices_used
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Danger, Stated, confirmed, copies_until
from portal.usecases.effects import Effect, effect
from portal.usecases.roles import require_roles
from portal.usecases.withdraw import work_off_at_once
from protection.selectors.reach import reach_of_device
from tenants.directory.errors import NotHere
from tenants.directory.selectors.devices import DeviceFacts, devices_of
from tenants.directory.selectors.people import person_in
from tenants.directory.services.block_device import block_device, unblock_device


def devices_here(caller: Caller, person_id: UUID) -> tuple[DeviceFacts, ...]:
    """Return the devices of somebody of the organization, the newest first.  Raises NotHere."""
    person, found = person_in(caller.organization, person_id), devices_of(person_id)
    if not person.guest:
        return found
    used = devices_used(person_id)
    return tuple(one for one in found if one.id in used or caller.organization in one.blocked_by)


def block_here(*, caller: Caller, person_id: UUID, device_id: UUID, stated: Stated) -> Effect:
    """Block a device at this organization, asked first."""
    device, address = _device(caller, person_id, device_id)
    changed = caller.organization not in device.blocked_by

    def act(reason: str) -> bool:
        return block_device(
            organization_id=caller.organization,
            person_id=person_id,
            device_id=device_id,
            reason=reason,
            actor=caller.directory_actor,
        )

    if changed:
        confirmed(_blocking(device, address), stated, act)
        work_off_at_once()
    until = reach_of_device(person_id, device_id).until
    words = {"device": device.name, "address": address}
    return effect(
        changed,
        _("“{device}” of {address} is blocked here: no license of this organization from now on.").format(**words),
        _("“{device}” of {address} is blocked here already.").format(**words),
        "" if until is None else copies_until(until),
        latest_offline_moment=until,
    )


def unblock_here(*, caller: Caller, person_id: UUID, device_id: UUID) -> Effect:
    """Take the block back."""
    device, address = _device(caller, person_id, device_id)
    changed = unblock_device(
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
    found = next((one for one in devices_here(caller, person_id) if one.id == device_id), None)
    if found is None:
        raise NotHere(_("The person has no such device."))
    person = person_in(caller.organization, person_id)
    require_roles(caller, person.role)
    return found, person.email or person.name


def _blocking(device: DeviceFacts, address: str) -> Danger:
    return Danger(
        question=_("Block “{device}” of {address} here?").format(device=device.name, address=address),
        consequences=(
            _("It opens and protects nothing of this organization from now on. Other devices of theirs go on."),
            _(
                "It stays signed in, and goes on at other organizations: only {address} can revoke it everywhere."
            ).format(address=address),
            _("Whoever can sign in as {address} can add another device. To stop that too, disable them.").format(
                address=address
            ),
            copies_until(reach_of_device(device.person_id, device.id).until),
            _("The block can be taken back."),
        ),
        button=_("Block it here"),
        confirm=device.name,
        needs_reason=True,
    )
