"""Several of a person's own devices at once: revoke them."""

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.languages import grouped
from portal.usecases.bulk.each import Question, Tried, each
from portal.usecases.confirmation import Stated, copies_until
from portal.usecases.devices import revoke_device
from portal.usecases.effects import Effect
from portal.usecases.losses import listed
from tenants.actor import Actor
from tenants.directory.errors import NotHere
from tenants.directory.selectors.devices import DeviceFacts, device_of


def revoke_devices(*, person_id: UUID, devices: Sequence[UUID], actor: Actor, stated: Stated) -> Effect:
    """Revoke devices of a person, asked about once."""

    def found(device: UUID) -> DeviceFacts:
        facts = device_of(person_id, device)
        if facts is None:
            raise NotHere(_("The person has no such device."))
        return facts

    def act(device: UUID, stated: Stated) -> Effect:
        return revoke_device(person_id=person_id, device=found(device), actor=actor, stated=stated)

    def done(number: int) -> str:
        return ngettext("{number} device is revoked.", "{number} devices are revoked.", number).format(
            number=grouped(number)
        )

    return each(devices, name_of=lambda one: found(one).name, act=act, done=done, stated=stated, question_of=_revoking)


def _revoking(tried: Tried) -> Question:
    question = ngettext("Revoke {number} device?", "Revoke {number} devices?", tried.number)
    return Question(
        question=question.format(number=grouped(tried.number)),
        consequences=(
            _("These get no license from now on, and their sign-ins end: {names}.").format(names=listed(tried.names)),
            copies_until(tried.until),
            _("This cannot be undone; a device can be added again with new keys."),
        ),
        button=ngettext("Revoke {number} device", "Revoke {number} devices", tried.number).format(
            number=grouped(tried.number)
        ),
    )
