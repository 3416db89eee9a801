"""Sealing with the keys of this device: a new document, or the next edition of one.

Nothing takes its place on the disk before the service has accepted it, or cannot be asked now; what a killed run
leaves is noted first, so that the next one finishes or undoes it (``unfinished``).
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from chancery.errors import Conflict
from chancery.objects.body import SealFacts, sign_body
from chancery.policy.reasons import Reason
from chancery.sdk import unfinished
from chancery.sdk.account import Account
from chancery.sdk.errors import Refused
from chancery.sdk.home import Home
from chancery.sdk.licensed import Licensed, next_number
from chancery.sdk.licenses import Licenses
from chancery.sdk.organization import Organization
from chancery.sdk.publication import Publication, Registration, next_key
from chancery.sdk.results import Protected, metadata_of
from chancery.sdk.stated import Stated
from chancery.sealing.layout import NOTICE
from chancery.sealing.metadata import Metadata
from chancery.sealing.read import SealedFile
from chancery.sealing.write import Progress, seal_edition, seal_file
from chancery.texts import message


@dataclass(frozen=True, slots=True)
class DeviceSealer:
    """What one signed-in person seals with on this device."""

    home: Home
    account: Account
    stated: Stated

    def seal(
        self,
        ready: Publication,
        source: BinaryIO | Path,
        target: Path,
        metadata: Metadata,
        *,
        instead_of: Licensed | None = None,
        progress: Progress | None = None,
    ) -> Protected:
        """Seal and register; ``instead_of`` is what was opened at the target, if the new file takes its place.

        When a key was withdrawn since this device last asked, the same is done once more under the present one.
        """
        try:
            return self._seal_once(ready, source, target, metadata, instead_of, progress)
        except Refused as refused:
            if refused.reason != Reason.KEY_COMPROMISED or not (isinstance(source, Path) or source.seekable()):
                raise
        if not isinstance(source, Path):
            source.seek(0)
        return self._seal_once(ready.anew(), source, target, metadata, instead_of, progress)

    def _seal_once(
        self,
        ready: Publication,
        source: BinaryIO | Path,
        target: Path,
        metadata: Metadata,
        instead_of: Licensed | None,
        progress: Progress | None,
    ) -> Protected:
        register = Registration(ready.place, ready.license)
        replaced = None if instead_of is None else instead_of.status
        with unfinished.noted(self.home, "protect", target, source=replaced and target, status=replaced) as note:

            def accept(file: SealedFile) -> None:
                ready.check(file)
                if instead_of is not None:
                    instead_of.check_unchanged()
                note.complete(file)
                register(file.body_seal)
                if instead_of is not None:
                    # Registering took as long as the network does.
                    instead_of.check_unchanged()
                    instead_of.unlocked.stream.close()  # Some systems replace no file that is open.

            seal = seal_file(
                source,
                target,
                content_key=ready.key,
                license=ready.license,
                metadata=metadata,
                make_seal=lambda facts: self._sign(
                    ready.place, facts, ready.publishing.token, ready.publishing.delegation
                ),
                accept=accept,
                notice=NOTICE,
                progress=progress,
                instead=instead_of is not None,
                part=note.part,
            )
        licenses = Licenses(self.home, ready.place, self.account, self.stated)
        licenses.keep_own(ready.license, seal, ready.key, ready.publishing)
        ready.place.try_send_waiting()
        return Protected(target, ready.license.cid, register.done, register.pending)

    def _sign(
        self, place: Organization, facts: SealFacts, certificate: str, delegation: str, env: bytes | None = None
    ) -> str:
        return sign_body(
            facts,
            signer=self.account.signing,
            certificate=certificate,
            delegation=delegation,
            iat=place.now(),
            env=env,
        )

    def save_edition(
        self,
        place: Organization,
        file: SealedFile,
        sealed: Path,
        source: Path,
        *,
        based_on: bytes | None,
        progress: Progress | None,
    ) -> Protected:
        """Seal changed content as the next edition of an open file, in its place.

        Raises Refused without EDIT, and Conflict where ``based_on`` is another edition than the file's.
        """
        if based_on is not None and file.body_seal.digest != based_on:
            raise Conflict(message("{file} was replaced by another edition in the meantime.", file=sealed))
        licenses = Licenses(self.home, place, self.account, self.stated)
        # What is kept cannot say what was saved since, so the service is asked as long as it can be.
        authentic, opening, key = licenses.open(file, lambda _: False)
        n = next_number(file, opening)
        certificate, delegation, env = opening.edit or "", opening.delegation, None
        name = authentic.unlock(key).metadata.name
        if opening.rekey:
            key, env = next_key(place, file, self.account.signing.key_id, n)
        register = Registration(place, file.publishing_license)
        status = os.fstat(file.stream.fileno())
        with unfinished.noted(self.home, "save", sealed, source=sealed, status=status) as note:

            def accept(edition: SealedFile) -> None:
                place.trust.verified(edition.verify).unlock(key)
                note.complete(edition)
                register(edition.body_seal)
                note.keep()
                file.close()  # Some systems replace no file that is open.

            seal_edition(
                file,
                source,
                sealed,
                n=n,
                content_key=key,
                metadata=metadata_of(source, name=name),
                make_seal=lambda facts: self._sign(place, facts, certificate, delegation, env),
                accept=accept,
                progress=progress,
                part=note.part,
            )
        place.try_send_waiting()
        passed_over = n - file.body_seal.facts.n - 1
        return Protected(sealed, file.publishing_license.cid, register.done, passed_over=passed_over)
