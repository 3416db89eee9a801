"""Licenses for others, issued ahead by the service and put beside a sealed file (promise C117, decision 32)."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

from chancery.errors import ChanceryError
from chancery.objects.jws import b64, unb64
from chancery.objects.licenses_file import SUFFIX, LicensesFile, SealedLicense
from chancery.sdk.carried import read_licenses
from chancery.sdk.errors import Misused, ServiceError
from chancery.sdk.licensed import READ_AND_WRITE
from chancery.sdk.organization import Organization
from chancery.sdk.results import Prelicensed, RecipientLicenses
from chancery.sealing.atomic import replacing
from chancery.sealing.read import SealedFile
from chancery.sealing.streams import write_all
from chancery.texts import message

_NOT_REGISTERED = (HTTPStatus.NOT_FOUND, "send_whole_license")


def prelicense(
    place: Organization, file: SealedFile, sealed: Path, *, to: Sequence[str] = (), into: Path | None = None
) -> Prelicensed:
    """Have licenses issued for recipients of a sealed file, and put them into the licenses file beside it.

    ``to`` are addresses; none means everyone whom the policy names by address.  A file that is there already keeps
    what it holds, and nothing is written where nobody got a license.  Raises Misused for a place that holds something
    else, Refused for a person who neither owns nor protected the document, and Unreachable.
    """
    target = sealed.with_name(sealed.name + SUFFIX) if into is None else into
    before = _licenses_in(target)
    place.send_waiting()
    recipients: list[RecipientLicenses] = []
    licenses: list[SealedLicense] = []
    for answer in _answers(place, file, to):
        recipients += [RecipientLicenses(**one) for one in answer["results"]]
        licenses += [SealedLicense.decode(unb64(text)) for text in answer["licenses"]]
    cid = file.publishing_license.cid
    if not licenses:
        return Prelicensed(None, cid, tuple(recipients))
    made = LicensesFile.of({place.id: place.trust.token()}, licenses)
    encoded = (made if before is None else before.with_more(made)).encode()
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as stream:
        write_all(stream, encoded)
    if before is None:
        # As readable as the sealed file with which it travels: whoever else reads it learns nothing from it.
        target.chmod(sealed.stat().st_mode & READ_AND_WRITE)
    return Prelicensed(target, cid, tuple(recipients))


def _licenses_in(target: Path) -> LicensesFile | None:
    """Return what a licenses file holds by now, None where there is none."""
    if not target.exists():
        return None
    try:
        return read_licenses(target)
    except ChanceryError as error:
        raise Misused(
            message("{path} exists already and is no licenses file.", path=target),
            remedy=message("Move it away, or name another file with --into."),
        ) from error


def _answers(place: Organization, file: SealedFile, to: Sequence[str]) -> Iterator[dict[str, Any]]:
    cid, seal = file.publishing_license.cid, b64(file.body_seal.digest)
    body: dict[str, Any] = {"seal": seal, **({"to": list(to)} if to else {})}
    answer = _first(place, file, cid, body)
    yield answer
    while answer["next"]:
        answer = _call(place, cid, {**body, "cursor": answer["next"]})
        yield answer


def _first(place: Organization, file: SealedFile, cid: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Ask, and once more after the document or edition was registered that the service has not seen yet."""
    try:
        return _call(place, cid, body)
    except ServiceError as error:
        if error.status not in _NOT_REGISTERED and error.problem not in _NOT_REGISTERED:
            raise
    whole = {"publishing_license": file.publishing_license.token, "body_seal": file.body_seal.token}
    place.call("POST", "/api/v1/registrations", whole)
    return _call(place, cid, body)


def _call(place: Organization, cid: UUID, body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = place.call("POST", f"/api/v1/documents/{cid}/prelicenses", body)
    return found
