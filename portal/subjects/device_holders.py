"""Whom addresses mean to one organization, with the devices that can keep a license: for licenses issued ahead.

Found are the organization's own people and guests, and people from elsewhere to whom it has licensed something before:
that they exist is no news to it.  Everybody else is as good as nobody (docs/protocol.md P20).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chancery.crypto.keys import EncryptionPublicKey
from chancery.crypto.signatures import VerifyKey
from chancery.crypto.suites import KEMS, SIGNATURE_ALGORITHMS
from chancery.policy.policy import Strength
from portal.subjects.directory import DirectoryOf
from portal.subjects.subject import device_facts, subject_of
from portal.subjects.visible_people import VisiblePeople, known_here, proven_domains
from protection.services.certify import DeviceKeys
from protection.services.prelicense_request import HeldDevice, Holder, Holders
from tenants.directory.selectors.devices import DeviceFacts, kept_devices
from tenants.directory.selectors.licensed import licensed_under
from tenants.directory.selectors.subject import subject_rows
from tenants.directory.statements import EPOCHS_SQL


@dataclass(frozen=True, slots=True)
class DeviceHolders(DirectoryOf):
    """``protection.services.prelicense_request.RecipientDirectory`` for one organization, asked by one of its own."""

    def holders(self, addresses: Sequence[str], names: Sequence[str]) -> Holders:
        """Return whom the addresses mean to this organization, and which of them and of ``names`` are groups of it."""
        here = VisiblePeople(self.organization, inside=True)
        people = {**licensed_under(self.organization, addresses), **here.people(addresses)}
        rows = subject_rows(frozenset(people.values()), self.organization)
        # After the rows: a device that is revoked meanwhile raises an epoch, and then nothing is recorded.
        devices = kept_devices(rows, self.organization)
        domains = proven_domains(self.organization)
        found = {}
        for address, person in people.items():
            row = rows.get(person)
            if row is None:
                continue
            found[address] = Holder(
                address=address,
                whole=subject_of(row, organization=self.organization, strength=Strength.CODE),
                visible=known_here(row, self.organization, address=address, domains=domains),
                devices=tuple(_held(device) for device in devices.get(person, ()) if _readable(device)),
                disabled=any(one.disabled for one in row.places if one.organization_id == self.organization),
            )
        return Holders(
            found=found,
            groups=frozenset(here.groups([*addresses, *names])),
            domains=domains,
            unmoved=f"({EPOCHS_SQL}) = %(epochs)s",
            marker={
                "people": list(rows),
                "concerned": [place for row in rows.values() for place in row.concerned],
                "epochs": sum(row.epoch for row in rows.values()),
            },
        )


def _held(facts: DeviceFacts) -> HeldDevice:
    return HeldDevice(
        DeviceKeys(
            facts.id,
            facts.person_id,
            VerifyKey.named(facts.signing_algorithm, facts.signing_key),
            EncryptionPublicKey.named(facts.encryption_kem, facts.encryption_key),
            facts.platform,
        ),
        facts.feed_id,
        device_facts(facts.id, facts.platform, facts.encryption_kem),
    )


def _readable(facts: DeviceFacts) -> bool:
    """Tell whether the device's keys are of kinds that still count here."""
    return facts.encryption_kem in KEMS and facts.signing_algorithm in SIGNATURE_ALGORITHMS
