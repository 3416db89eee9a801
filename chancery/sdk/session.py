"""One signed-in person on this device: what a program protects, opens, tracks and changes with.

    from pathlib import Path
    from chancery import ProtectOptions, Session

    with Session.open() as session:
        session.protect(Path("plan.pdf"), ProtectOptions(grants=("rita@fabrikam.example:VIEW",)))

``chancery login`` signs the person in.
"""

import io
import mimetypes
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from chancery.crypto.content import LEAF
from chancery.objects.body import Sealer
from chancery.objects.licenses_file import LicensesFile
from chancery.objects.publishing import PublishingLicense
from chancery.sdk import signin, unfinished
from chancery.sdk.account import Account, Service, Tokens, load
from chancery.sdk.carried import Notify, carried_with
from chancery.sdk.device_sealer import DeviceSealer
from chancery.sdk.errors import Misused, Unreachable
from chancery.sdk.home import Home
from chancery.sdk.http import Http
from chancery.sdk.licensed import (
    READ_AND_WRITE,
    Content,
    Licensed,
    Room,
    already_sealed,
    expected_name,
    next_number,
    path_of,
    require_own_file,
    status_of,
    untaken,
)
from chancery.sdk.licenses import Licenses, Opening
from chancery.sdk.listing import PAGE, Listing
from chancery.sdk.named_access import OWN
from chancery.sdk.options import ProtectOptions
from chancery.sdk.organization import Organization
from chancery.sdk.outbound_queue import Dropped
from chancery.sdk.places import own_organization_id, require_signed_in_at
from chancery.sdk.prelicensing import prelicense
from chancery.sdk.publication import Publication, published
from chancery.sdk.relabeling import relabeled
from chancery.sdk.results import Prelicensed, Protected, Relabeled, metadata_of
from chancery.sdk.stated import THIS_LIBRARY, Stated
from chancery.sealing.file_names import sealable
from chancery.sealing.layout import SUFFIX
from chancery.sealing.metadata import Metadata
from chancery.sealing.random_access import PlaintextReader
from chancery.sealing.read import open_sealed
from chancery.sealing.write import Progress
from chancery.texts import message
from chancery.version import VERSION

USER_AGENT = f"chancery/{VERSION}"


class Session(AbstractContextManager["Session"]):
    """Everything a signed-in person does: protect, open, track and change."""

    def __init__(
        self, home: Home, account: Account, http: Http, *, online: bool = True, stated: Stated = THIS_LIBRARY
    ) -> None:
        """Use ``Session.open``."""
        self.home = home
        self.account = account
        self.online = online
        self.stated = stated
        self.dropped: list[Dropped] = []
        """What was refused for good in this session although it had waited to be sent."""
        self.named = OWN  # On what openings rest, if not on the person's own access.
        self.licenses: Path | LicensesFile | None = None  # Those of what is opened, where they are not beside it.
        self.notify: Notify = lambda _: None
        self._http = http
        self.service = Service(account, http, Tokens(home, http, account.iss))
        self._me = f"me/{account.scope}"
        self._sealer = DeviceSealer(home, account, stated)

    @classmethod
    def open(
        cls,
        *,
        iss: str | None = None,
        online: bool = True,
        stated: Stated = THIS_LIBRARY,
        language: str = "en",
        notify: Callable[[str], None] = lambda _: None,
    ) -> Self:
        """Open the sign-in of this device.  Raises NotSignedIn.

        A program that withholds more than the library does from people who are not granted a right says so in
        ``stated``. ``language`` is the one in which the service is asked to say why it refuses something.
        ``notify`` is called with what was repaired, and what was finished or undone of runs that were killed.
        """
        home, http = Home.default(), Http(USER_AGENT, language=language)
        if home.repaired:
            notify(home.repaired)
        for said in signin.recover(home, http, online=online):
            notify(said)
        session = cls(home, load(home, iss), http, online=online, stated=stated)
        session.notify = notify
        session.renew_certificate()
        for said in unfinished.recover(home, session.organization):
            notify(said)
        return session

    def renew_certificate(self) -> None:
        """Ask for the next account certificate when this one ends within a week; stay with it when that fails."""
        if self.online:
            self.account = self.service.renew_certificate(self.home)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close at the end of the block."""
        self.close()

    # --- who and where -------------------------------------------------------------------------------------------

    def me(self) -> dict[str, Any]:
        """Return who is signed in and the organizations they belong to; as last seen when the service is away."""
        kept = self.home.read(self._me)
        if self.online or kept is None:
            try:
                kept = dict(self.service.call("GET", self.account.iss, "/api/v1/me"))
            except Unreachable:
                if kept is None:
                    raise
            self.home.write(self._me, kept)
        return kept

    def zone(self) -> ZoneInfo:
        """Return the person's time zone, in which a date without a time is meant (docs/protocol.md P26)."""
        return ZoneInfo(self.me().get("time_zone", "UTC"))

    def organization(self, organization: UUID) -> Organization:
        """Return an organization by id."""
        return Organization(self.home, self.service, organization, online=self.online, dropped=self.dropped)

    def shared(self, *, search: str = "", sort: str = "") -> Listing:
        """Return what others shared with the person, in whatever organization, the latest first opening first.

        ``sort`` is another order, by ``first_opened``, ``title`` or ``owner``, with ``-`` before it downwards.
        """

        def page(cursor: str) -> dict[str, Any]:
            query = urlencode({"search": search, "sort": sort, "limit": PAGE, **({"cursor": cursor} if cursor else {})})
            found: dict[str, Any] = self.service.call("GET", self.account.iss, f"/api/v1/shared?{query}")
            return found

        return Listing(page)

    def organization_of(self, sealed: Path) -> tuple[Organization, UUID]:
        """Return the organization that protects a sealed file, and the document's id.  Raises Misused, InvalidFile."""
        with open_sealed(sealed) as file:
            return self.place_of(file.publishing_license), file.publishing_license.cid

    def own_organization(self, name: str | None = None) -> Organization:
        """Return the organization to protect for: the named one, else the only one the person is a member of."""
        return self.organization(own_organization_id(self.me()["organizations"], name))

    # --- protecting ----------------------------------------------------------------------------------------------

    def protect(
        self,
        source: Path,
        options: ProtectOptions,
        *,
        target: Path | None = None,
        organization: str | None = None,
        progress: Progress | None = None,
    ) -> Protected:
        """Seal a file; the original is never touched.  Works without a network after one contact.

        ``target`` defaults to the source's name with ``.sealed`` behind it; an existing file is not overwritten.
        """
        target = source.with_name(source.name + SUFFIX) if target is None else target
        metadata = metadata_of(source)
        if already_sealed(source):
            raise Misused(
                message("{file} is protected already.", file=source),
                remedy=message("To change its protection: chancery change, or chancery relabel."),
            )
        ready = self._ready(options, title=metadata.name, organization=organization)
        target.parent.mkdir(parents=True, exist_ok=True)
        with untaken(target):
            done = self._sealer.seal(ready, source, target, metadata, progress=progress)
        target.chmod(source.stat().st_mode & READ_AND_WRITE)
        return done

    def _ready(self, options: ProtectOptions, *, title: str, organization: str | None) -> Publication:
        """Return all that a protection needs beside the content; what can refuse it refuses it here."""
        return published(self.own_organization(organization), self.account, options, title=title)

    def protect_stream(
        self, source: BinaryIO, name: str, options: ProtectOptions, target: Path, *, organization: str | None = None
    ) -> Protected:
        """Seal what a stream holds, under this name, into ``target``; otherwise like ``protect``."""
        kind, _ = mimetypes.guess_type(name)
        metadata = Metadata(name=sealable(name), type=kind or "application/octet-stream", mtime=int(time.time()))
        ready = self._ready(options, title=metadata.name, organization=organization)
        target.parent.mkdir(parents=True, exist_ok=True)
        with untaken(target):
            return self._sealer.seal(ready, source, target, metadata)

    @contextmanager
    def reading(self, source: BinaryIO | Path, *, to_edit: bool = False, leaves: bool = False) -> Iterator[Content]:
        """Open a sealed file for a program that shows its content or works on it in memory; nothing is written.

        The program lets a copy leave only where ``Opening.may_leave`` says so.  ``to_edit`` asks the service; raises
        Refused for a person who may not save what they change.  ``leaves`` reports that the content leaves its
        protection for good; raises NoCopy where it may not.
        """
        with self._licensed(source, Opening.may_leave if leaves else lambda _: not to_edit) as found:
            if to_edit:
                next_number(found.file, found.opening)
            if leaves:
                found.require_may_leave()
                found.register_content()
            yield found.content()

    def open_stream(self, source: BinaryIO | Path, sink: BinaryIO, *, leaves: bool = False) -> Opening:
        """Write the content of a sealed file or stream to another stream, each part after it was verified.

        ``leaves`` says that the stream leads out of the program; then NoCopy is raised where no copy may leave.
        """
        with self._licensed(source, Opening.may_leave if leaves else lambda _: True) as found:
            if leaves:
                found.require_may_leave()
            found.unlocked.copy_to(sink)
        return replace(found.opening, name=found.name)

    def open_file(
        self,
        source: BinaryIO | Path,
        target: Path | None = None,
        *,
        folder: Path | None = None,
        progress: Progress | None = None,
    ) -> Opening:
        """Write a plain copy to ``target``, by default under its true name in ``folder`` or beside the sealed one.

        Raises NoCopy where no copy may leave (``reading`` gives the content to a program in memory), Refused when the
        policy does not allow opening it, and InvalidFile and its siblings for a file that was changed.
        Nothing is left on disk unless every byte was verified.  The plaintext has the time of the original; it is
        readable by nobody else, and read-only where the sealed file is.
        """
        where = path_of(source)
        room = (
            Room(folder or where.parent, expected_name(where)) if target is None else Room(target.parent, target.name)
        )
        with self._licensed(source, Opening.may_leave, room=room) as found:
            found.require_may_leave()
            target = found.place_in(room.folder) if target is None else target
            target.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.noted(self.home, "open", target) as note:
                found.save_copy(target, note=note, progress=progress)
        return found.opening.written_to(target, found.name)

    def unprotect(self, source: Path, *, progress: Progress | None = None) -> Opening:
        """Put the plain file in the place of the sealed one; needs the right to remove protection, and is recorded.

        Raises Refused without the right, and whatever an opening raises; then the sealed file is untouched and nothing
        of its content was written.  Raises LocalFailure when somebody changed the sealed file meanwhile: both stay.
        """
        with ExitStack() as work:
            room = Room(source.parent, expected_name(source))
            with self._licensed(source, Opening.may_leave, room=room) as found:
                found.require_may_leave()
                target = found.place_in(source.parent)
                with untaken(target):
                    note = work.enter_context(
                        unfinished.noted(self.home, "unprotect", target, source=source, status=found.status)
                    )
                found.register_content()
                found.write_to(target, progress=progress, note=note)
            found.check_unchanged(message("The content that was opened is in {path}.", path=target))
            source.unlink()
        return found.opening.written_to(target, found.name)

    def reprotect(
        self,
        source: Path,
        options: ProtectOptions,
        *,
        organization: str | None = None,
        progress: Progress | None = None,
    ) -> Protected:
        """Put another protection in the place of a sealed file's; it becomes another document, and one's own.

        Needs the right to remove protection, and is recorded.  Raises Refused without it, and whatever protecting
        raises; then nothing has changed.  Raises LocalFailure when somebody changed the sealed file meanwhile, which
        then stays as they left it.  The content is encrypted anew while it is decrypted, and never written in between.
        """
        with self._licensed(source, Opening.may_leave, room=Room(source.parent)) as found:
            found.require_may_leave()
            require_own_file(found.file)
            ready = self._ready(options, title=found.name, organization=organization)
            found.register_content()
            plain = io.BufferedReader(PlaintextReader(found.unlocked), LEAF)
            metadata = replace(found.unlocked.metadata, size=None)
            return self._sealer.seal(ready, plain, source, metadata, instead_of=found, progress=progress)

    def relabel(
        self,
        source: Path,
        label: str,
        *,
        justification: str = "",
        confirm: str = "",
        progress: Progress | None = None,
    ) -> Relabeled:
        """Give a sealed file another label of the organization that protects it.

        The service decides what becomes of the protection and, where it may, does it for all copies at once; what can
        only be done at the file is done here: the caller's copy is protected anew, or its protection removed.  Raises
        Refused and ServiceError, then nothing has changed; where many would lose access, until ``confirm`` is given.
        """
        with open_sealed(source) as file:
            require_own_file(file)
            place, cid = self.place_of(file.publishing_license), file.publishing_license.cid
        done = relabeled(place, source, cid, label, justification=justification, confirm=confirm)
        if done.answer["where"] == "done":
            return done
        if done.outcome == "removed":
            return replace(done, path=self.unprotect(source, progress=progress).path or source)
        options = ProtectOptions(label=done.label)
        again = self.reprotect(source, options, organization=str(place.id), progress=progress)
        return replace(done, cid=again.cid)

    def prelicense(self, sealed: Path, *, to: Sequence[str] = (), into: Path | None = None) -> Prelicensed:
        """Have licenses issued ahead for recipients and put beside a sealed file, as ``prelicensing`` says."""
        with open_sealed(sealed) as file:
            return prelicense(self.place_of(file.publishing_license), file, sealed, to=to, into=into)

    @contextmanager
    def _licensed(
        self, source: BinaryIO | Path, serves: Callable[[Opening], bool] = lambda _: True, room: Room | None = None
    ) -> Iterator[Licensed]:
        """Open a sealed file and obtain a license that serves, once there is room; nothing is written by that."""
        with open_sealed(source) as file:
            if room is not None:
                room.check(file.plain_length)
            where, carried = path_of(source), carried_with(source, self.licenses, self.notify)
            place = self.place_of(file.publishing_license, carried)
            licenses = Licenses(
                self.home, place, self.account, self.stated, self.named, carried=carried, notify=self.notify
            )
            authentic, opening, key = licenses.open(file, serves)
            yield Licensed(where, place, file, opening, authentic.unlock(key), status_of(source, file))

    def save_edition(
        self, sealed: Path, source: Path, *, based_on: bytes | None = None, progress: Progress | None = None
    ) -> Protected:
        """Seal changed content as the next edition of a sealed file, under the same policy; needs the right EDIT.

        The edition takes the place of the one before only when the service has accepted it, or cannot be asked now:
        then it is registered at the next contact (P3).  ``based_on`` is the edition that was changed, as ``reading``
        names it: raises Conflict where the file holds another one by now.
        """
        with open_sealed(sealed) as file:
            Room(sealed.parent).check(source.stat().st_size)
            place = self.place_of(file.publishing_license)
            return self._sealer.save_edition(place, file, sealed, source, based_on=based_on, progress=progress)

    def verify(self, source: BinaryIO | Path) -> Sealer:
        """Prove who sealed a file and that every byte of it is as it was sealed, without its content key."""
        with open_sealed(source) as file:
            authentic = self.place_of(file.publishing_license).trust.verified(file.verify)
            authentic.check_body()
            return authentic.seal.sealer

    def place_of(self, license_: PublishingLicense, carried: LicensesFile | None = None) -> Organization:
        """Return the organization of a file.  No token is ever sent to a place that only the file names (P13)."""
        place = self.organization(license_.org)
        if carried is not None and license_.org in carried.statements:
            place.trust.offer(carried.statements[license_.org])
        require_signed_in_at(place, license_.iss, self.account.iss)
        return place
