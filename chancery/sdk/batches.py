"""Many sealed files at once: one request asks for up to a thousand licenses (docs/protocol.md P9).

Each file has a result of its own, and nothing is kept.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID

from chancery.errors import ChanceryError, InvalidFile, InvalidObject
from chancery.objects.account import AccountCertificate
from chancery.objects.batch import MAX_RESULTS, BatchResult, Refusal, UseLicenseBatch
from chancery.objects.body import VerifiedSeal
from chancery.objects.feed import FeedState
from chancery.objects.jws import b64
from chancery.objects.publishing import PublishingLicense
from chancery.objects.use import UseLicense, accept_verified
from chancery.policy.reasons import Reason
from chancery.sdk.errors import LocalFailure, Refused, RevocationNote, ServiceError
from chancery.sdk.licensed import Content, Licensed, status_of
from chancery.sdk.licenses import opening_of
from chancery.sdk.organization import Organization
from chancery.sdk.session import Session
from chancery.sealing.read import open_sealed
from chancery.texts import message

BATCH: Final = MAX_RESULTS
NEW_AT_ONCE: Final = 20
"""How many documents that the service does not know go with one request: it takes each in before it decides."""
_Answer: TypeAlias = "tuple[UseLicense, bytes, str] | ChanceryError"
"""A license with its content key and delegation, or why there is none."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One file of many: its content, which can be read until the next one is asked for, or why there is none.

    ``cid`` is the document's id, None for what is no sealed file.
    """

    path: Path
    cid: UUID | None = None
    content: Content | None = None
    error: ChanceryError | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A file of which a license is asked for, with its verified seal; the file itself is closed."""

    path: Path
    place: Organization
    license: PublishingLicense
    seal: VerifiedSeal


def read_many(session: Session, paths: Iterable[Path], *, size: int = BATCH) -> Iterator[Reading]:
    """Open files for a program that works on them in memory, ``size`` with one request, in their order.

    They are opened by what the session names instead of the caller's own access, if it does.  Raises what concerns all
    of them, such as Unreachable; Refused where the read permission itself is not valid.
    """
    left, places = iter(paths), _Places(session)
    while chunk := list(islice(left, size)):
        asked: dict[Path, _Asked] = {}
        results: dict[Path, Reading] = {}
        for path in chunk:
            try:
                asked[path] = _asked(places, path)
            except (ChanceryError, OSError) as error:
                results[path] = Reading(path, error=_local(error))
        licensed = _licensed(session, list(asked.values()))
        for path in chunk:
            if path in results:
                yield results[path]
            else:
                yield from _read(session, asked[path], licensed[path])


class _Places:
    """The organizations of many files, each made once: what it knows of itself is on disk, and verified anew there."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[tuple[UUID, str], Organization] = {}

    def of(self, license_: PublishingLicense) -> Organization:
        """Return the organization of a license.  Raises what ``Session.place_of`` raises."""
        key = (license_.org, license_.iss)
        if key not in self._known:
            self._known[key] = self._session.place_of(license_)
        return self._known[key]


def _asked(places: _Places, path: Path) -> _Asked:
    with open_sealed(path) as file:
        license_ = file.publishing_license
        place = places.of(license_)
        return _Asked(path, place, license_, place.trust.verified(file.verify).seal)


def _licensed(session: Session, asked: Sequence[_Asked]) -> dict[Path, _Answer]:
    """Return the license with its content key and delegation for each file, or why there is none."""
    found: dict[Path, _Answer] = {}
    for place in {one.place.id: one.place for one in asked}.values():
        for part, answer in _answers(session, place, [one for one in asked if one.place.id == place.id]):
            found |= _verified(session, place, part, answer)
    return found


def _verified(
    session: Session, place: Organization, asked: Sequence[_Asked], answer: Mapping[str, Any]
) -> dict[Path, _Answer]:
    """Return what one answer says of each file."""
    found: dict[Path, _Answer] = {}
    delegation, account = answer["delegation"], session.account
    batch = UseLicenseBatch.verify(
        answer["batch"], chain=place.chain(delegation), sub=account.person, dev=account.device
    )
    if len(batch.results) != len(asked):
        raise InvalidObject(message("The service answered about another number of documents than was asked."))
    keys = iter(batch.content_keys(account.key_store(), account.encryption.key_id))
    now = place.now()
    certificate, feed = account.certificate(now), place.feed()
    for one, result in zip(asked, batch.results, strict=True):
        try:
            use, key = _accepted(session, one, result, keys, certificate=certificate, now=now, feed=feed)
            found[one.path] = use, key, delegation
        except ChanceryError as error:
            found[one.path] = error
    return found


def _answers(
    session: Session, place: Organization, asked: Sequence[_Asked]
) -> Iterator[tuple[Sequence[_Asked], dict[str, Any]]]:
    """Ask for licenses by digest, and send whole those that the service does not know, a few at a time."""
    items: list[dict[str, str]] = [{"pl": b64(one.license.digest), "seal": b64(one.seal.seal.digest)} for one in asked]
    try:
        answer = _ask(session, place, items)
    except ServiceError as error:
        if error.problem != "send_whole_license":
            raise
        unknown = {int(position) for position in error.members.get("documents", ())}
    else:
        yield asked, answer
        return
    whole = [
        {"publishing_license": one.license.token, "body_seal": one.seal.seal.token} if position in unknown else item
        for position, (one, item) in enumerate(zip(asked, items, strict=True))
    ]
    size = len(whole) if len(unknown) <= NEW_AT_ONCE else NEW_AT_ONCE
    for start in range(0, len(whole), size):
        yield asked[start : start + size], _ask(session, place, whole[start : start + size])


def _ask(session: Session, place: Organization, items: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    body = {**session.stated.as_json(), **session.named.as_json(), "items": items}
    return dict(place.call("POST", "/api/v1/licenses/batch", body))


def _accepted(
    session: Session,
    one: _Asked,
    result: BatchResult,
    keys: Iterator[tuple[UseLicense, bytes]],
    *,
    certificate: AccountCertificate,
    now: int,
    feed: FeedState,
) -> tuple[UseLicense, bytes]:
    """Check one result as a license that came alone; ``keys`` are those of the licenses, in their order."""
    if isinstance(result, Refusal):
        raise _refused(result)
    use, key = next(keys)
    accept_verified(use, account=certificate, license=one.license, seal=one.seal, now=now, feed=feed, stored=False)
    if not session.stated.keeps_to(use.obligations):
        raise Refused(
            message("The license demands something of programs that this one does not do."),
            reason=Reason.PROGRAM_DOES_NOT_ENFORCE,
            remedy=message("Update this program, then open the file again."),
        )
    return use, key


def _refused(result: Refusal) -> Refused:
    details = result.details
    return Refused(
        str(details.get("message") or message("The service refused this.")),
        reason=result.reason,
        remedy=str(details.get("next_step") or ""),
        contact=str(details.get("contact") or ""),
        event=str(result.jti),
        note=RevocationNote.of(details),
    )


def _read(session: Session, one: _Asked, licensed: tuple[UseLicense, bytes, str] | ChanceryError) -> Iterator[Reading]:
    """Yield the content while its file is open."""
    if isinstance(licensed, ChanceryError):
        if isinstance(licensed, Refused) and licensed.reason == Reason.READ_PERMISSION_INVALID:
            raise licensed
        yield Reading(one.path, one.license.cid, error=licensed)
        return
    use, key, delegation = licensed
    try:
        file = open_sealed(one.path)
    except (ChanceryError, OSError) as error:
        yield Reading(one.path, one.license.cid, error=_local(error))
        return
    with file:
        try:
            if file.publishing_license.digest != one.license.digest or file.body_seal.digest != one.seal.seal.digest:
                raise InvalidFile(message("{file} was changed while it was being opened.", file=one.path))
            unlocked = one.place.trust.verified(file.verify).unlock(key)
        except ChanceryError as error:
            yield Reading(one.path, one.license.cid, error=error)
            return
        opening = opening_of(use, "service", delegation)
        found = Licensed(one.path, one.place, file, opening, unlocked, status_of(one.path, file))
        yield Reading(one.path, one.license.cid, content=found.content())


def _local(error: ChanceryError | OSError) -> ChanceryError:
    return error if isinstance(error, ChanceryError) else LocalFailure.of(error)
