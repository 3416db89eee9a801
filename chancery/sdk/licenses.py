"""Use licenses on this device: asked for, checked, kept as long as they allow, and renewed.

A kept license is used without asking the service, but never against a revocation that this device could know of: the
feed is asked first, once in a session and again after a heartbeat, when the service can be reached.
See docs/protocol.md P10, P21 and P24.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from chancery.errors import CannotUnseal, ChanceryError, Expired, InvalidFile, Revoked, WrongBinding
from chancery.objects.body import BodySeal, VerifiedSeal
from chancery.objects.claims import VERSION, Claims
from chancery.objects.jws import b64
from chancery.objects.licenses_file import CarriedLicense, LicensesFile
from chancery.objects.publishing import PublishingLicense
from chancery.objects.use import (
    Common,
    EditionStatus,
    UseLicense,
    accept,
    accept_verified,
    common_members,
    read_license,
    result_members,
    seal_content_key,
)
from chancery.policy.policy import Enforcement
from chancery.policy.reasons import Reason
from chancery.policy.rights import Right, may_remove_protection
from chancery.sdk.account import Account
from chancery.sdk.carried import MOST_TRIED, Notify
from chancery.sdk.clock import TOLERANCE
from chancery.sdk.errors import NoCopy, NotSignedIn, Refused, ServiceError, Unreachable
from chancery.sdk.home import Home
from chancery.sdk.named_access import OWN, NamedAccess
from chancery.sdk.organization import Organization, Publishing
from chancery.sdk.reports import report
from chancery.sdk.stated import Stated
from chancery.sealing.read import AuthenticFile, SealedFile
from chancery.texts import message

_FIRST: Final = 1
"""The revision of a document that nobody has changed yet."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What an opening rests on.  ``source`` is ``service``, ``kept``, ``carried`` or ``own``; times in seconds.

    Times are since 1970; ``carried`` means that the license lay beside the file.
    """

    cid: UUID
    rights: tuple[str, ...]
    source: str
    expires: int
    offline_until: int
    edition: int
    status: str
    signer: str | None
    contact: str
    edit: str | None = None
    rekey: bool = False
    follow: int | None = None
    delegation: str = ""
    path: Path | None = None
    name: str = ""
    license: UUID | None = None

    def may_leave(self) -> bool:
        """Tell whether an unprotected copy of the content may leave: as a file, or under another protection.

        The one home of this rule for programs: what they only show or work on in memory needs no more than VIEW.
        """
        return may_remove_protection(Right(name) for name in self.rights)

    def require_may_leave(self) -> None:
        """Raise NoCopy unless an unprotected copy of the content may leave."""
        if not self.may_leave():
            raise NoCopy(self.contact)

    def written_to(self, path: Path, name: str) -> "Opening":
        """Return the same with the place where the content was written."""
        return replace(self, path=path, name=name)


class Licenses:
    """Licenses of one account for documents of one organization."""

    def __init__(
        self,
        home: Home,
        place: Organization,
        account: Account,
        stated: Stated,
        named: NamedAccess = OWN,
        *,
        carried: LicensesFile | None = None,
        notify: Notify = lambda _: None,
    ) -> None:
        """Use the kept licenses of this home; where something is ``named``, none is used and none is kept.

        ``carried`` are those that lie beside the file; ``notify`` is told why one of them could not be used.
        """
        self._carried = carried
        self._notify = notify
        self._home = home
        self._place = place
        self._account = account
        self._stated = stated
        self._named = named

    def open(
        self, file: SealedFile, serves: Callable[[Opening], bool] = lambda _: True
    ) -> tuple[AuthenticFile, Opening, bytes]:
        """Prove who sealed the file, obtain the right to open it and return the content key.

        Checks in the order of the specification: seal and body's root before any license is asked for.  A kept license
        that does not serve the purpose is passed over while the service can be asked: it may say more by now.
        """
        authentic = self._place.trust.verified(file.verify)
        license_ = file.publishing_license
        if not self._named.is_own:
            return authentic, *self._asked(license_, authentic.seal)
        kept = self._kept(license_, authentic.seal) or self._sent_ahead(license_, authentic.seal)
        if kept is not None and (serves(kept[0]) or not self._place.online):
            self._note_opening(kept[0])
            return authentic, *kept
        try:
            return authentic, *self._asked(license_, authentic.seal)
        except Refused:
            # Whatever the reason, it may be one that takes what is kept along: the feed says so, or is refused as well.
            with suppress(ChanceryError):
                self._place.feed(newest=True)
            raise
        except Unreachable:
            own = kept or self._own(license_, authentic.seal)
            if own is None:
                raise
            self._note_opening(own[0])
            return authentic, *own

    # --- from the service ----------------------------------------------------------------------------------------

    def _asked(self, license_: PublishingLicense, seal: VerifiedSeal) -> tuple[Opening, bytes]:
        """Ask for a license; once more when a revocation that reaches ahead (P24) invalidates the answer.

        What was withdrawn just before is waited for first where this device can know that it is concerned: the service
        records every license, and one opening is to be one event.
        """
        concerning = self._place.concerning()
        if concerning:
            with suppress(Refused, NotSignedIn):  # The service's answer to the request itself says more.
                self._place.let_settle(concerning)
        try:
            return self._asked_once(license_, seal)
        except Revoked:
            if not self._place.let_settle():
                raise
        return self._asked_once(license_, seal)

    def _asked_once(self, license_: PublishingLicense, seal: VerifiedSeal) -> tuple[Opening, bytes]:
        answer = self._ask(license_, seal.seal)
        feed = self._place.feed()
        use = accept(
            answer["use_license"],
            chain=self._place.chain(answer["delegation"]),
            account=self._account.certificate(self._place.now()),
            license=license_,
            seal=seal,
            now=self._place.now(),
            feed=feed,
            stored=False,
        )
        if not self._stated.keeps_to(use.obligations):
            raise Refused(
                message("The license demands something of programs that this one does not do."),
                reason=Reason.PROGRAM_DOES_NOT_ENFORCE,
                remedy=message("Update this program, then open the file again."),
            )
        key = use.content_key(self._account.key_store(), self._account.encryption.key_id)
        # A license that states when it was decided is not mistaken for one of before a revocation.
        self._place.keep_concerning(use.feed if use.decided is None else ())
        if use.storable and self._named.is_own:
            self._home.write(self._name(license_, seal.seal), {**answer, "kind": "use"})
        self._place.try_send_waiting()
        return opening_of(use, "service", answer["delegation"]), key

    def _ask(self, license_: PublishingLicense, seal: BodySeal) -> dict[str, Any]:
        digests = {
            **self._stated.as_json(),
            **self._named.as_json(),
            "pl": b64(license_.digest),
            "seal": b64(seal.digest),
        }
        try:
            return dict(self._place.call("POST", "/api/v1/licenses", digests))
        except ServiceError as error:
            if error.problem != "send_whole_license":
                raise
        whole = {**digests, "publishing_license": license_.token, "body_seal": seal.token}
        try:
            return dict(self._place.call("POST", "/api/v1/licenses", whole))
        except Refused as error:
            if error.reason in {"tampered", "content_id_conflict"}:
                raise InvalidFile(error.message, remedy=error.next_step) from error
            raise

    # --- kept ----------------------------------------------------------------------------------------------------

    def _kept(self, license_: PublishingLicense, seal: VerifiedSeal) -> tuple[Opening, bytes] | None:
        record = self._home.read(self._name(license_, seal.seal))
        if record is None or record["kind"] != "use" or self._place.clock.in_doubt():
            return None
        try:
            use = self._alive(
                accept(
                    record["use_license"],
                    chain=self._place.chain(record["delegation"]),
                    account=self._account.certificate(self._place.now()),
                    license=license_,
                    seal=seal,
                    now=self._place.now(),
                    feed=self._place.feed(),
                    stored=True,
                )
            )
        except (Unreachable, Refused):
            raise
        except ChanceryError:
            # Ended, withdrawn, of a device of before, or under a key no longer trusted: the service is asked instead.
            self._home.remove(self._name(license_, seal.seal))
            return None
        if not self._stated.keeps_to(use.obligations):
            # Kept for a program that withholds what this one does not; the service says what is needed.
            return None
        key = use.content_key(self._account.key_store(), self._account.encryption.key_id)
        return opening_of(use, "kept", record["delegation"]), key

    def _sent_ahead(self, license_: PublishingLicense, seal: VerifiedSeal) -> tuple[Opening, bytes] | None:
        """Return what a license beside the file gives, None where it gives nothing: then it is as if there were none.

        It is checked like a kept one, and stays where it is: nothing of it is kept on this device.
        """
        if self._carried is None or self._place.clock.in_doubt():
            return None
        why: ChanceryError | None = None
        own = self._account.encryption.key_id
        for one in islice(self._carried.licenses_for(own, license_.digest), MOST_TRIED):
            try:
                found = one.open(self._account.key_store(), own, org=license_.org, pl=license_.digest)
                return self._used_ahead(found, license_, seal)
            except (Expired, Revoked) as over:
                # Over as licenses are; the service says what is the matter, and without it the person hears it here.
                why = None if self._place.online else over
            except ChanceryError as error:
                why = error
        if why is not None:
            self._notify(
                message(
                    "Warning: the license that was sent ahead with this file cannot be used: {why} Connect to the"
                    " service, or ask the sender for new licenses.",
                    why=why.message,
                )
            )
        return None

    def _used_ahead(
        self, found: CarriedLicense, license_: PublishingLicense, seal: VerifiedSeal
    ) -> tuple[Opening, bytes]:
        """Return what an unsealed license gives.  Raises what is wrong with it."""
        now = self._place.now()
        use = self._alive(
            accept(
                found.token,
                chain=self._place.chain(found.delegation),
                account=self._account.certificate(now),
                license=license_,
                seal=seal,
                now=now,
                feed=self._place.feed(),
                stored=True,
            )
        )
        if use.iat > now + TOLERANCE:
            raise WrongBinding(message("It was issued later than the clock of this device shows."))
        if not self._stated.keeps_to(use.obligations):
            raise WrongBinding(message("It demands something of programs that this one does not do."))
        return opening_of(use, "carried", found.delegation), use.content_key(
            self._account.key_store(), self._account.encryption.key_id
        )

    def _alive(self, kept: UseLicense) -> UseLicense:
        """Return a kept license, unless it has no lease and the service has refused this device since."""
        if kept.lease is None and self._place.was_refused():
            raise Expired(message("The service refused this device since this license was kept."))
        return kept

    def _note_opening(self, opening: Opening) -> None:
        """Report an opening by a license of before: the service saw nothing of it."""
        report(self._place, "opened", opening.cid, license=opening.license)

    # --- the issuer's own ----------------------------------------------------------------------------------------

    def keep_own(self, license_: PublishingLicense, seal: BodySeal, key: bytes, publishing: Publishing) -> None:
        """Keep what the issuer needs to reopen a document without the service; never put into the file (P10).

        It is a use license like those of the service, made by the device for itself: sealed to the device, at its end
        with the publishing certificate, and taken back by whatever takes back the right to publish.
        """
        account, jti = self._account, uuid4()
        own = UseLicense(
            jti=jti,
            iss=account.iss,
            org=license_.org,
            cid=license_.cid,
            pl=license_.digest,
            edition=seal.digest,
            sub=account.person,
            dev=account.device,
            rights=(Right.OWNER,),
            rev=_FIRST,
            iat=license_.iat,
            exp=publishing.certificate.exp,
            offline_until=publishing.certificate.exp,
            lease=None,
            feed=publishing.feed,
            enforcement=Enforcement.CLIENT,
            obligations={},
            key=seal_content_key(
                account.encryption.public, key, org=license_.org, cid=license_.cid, dev=account.device, jti=jti
            ),
            body=EditionStatus(n=seal.facts.n, status="current", signer=account.address),
            contact=account.address,
        )
        members = {"v": VERSION, **common_members(own), **result_members(own)}
        self._home.write(self._name(license_, seal), {"kind": "own", "license": members})

    def _own(self, license_: PublishingLicense, seal: VerifiedSeal) -> tuple[Opening, bytes] | None:
        record = self._home.read(self._name(license_, seal.seal))
        if record is None or record["kind"] != "own":
            return None
        claims = Claims(record["license"], message("own license"))
        own = read_license(claims, Common.read(claims), with_key=True)
        account, now = self._account.certificate(self._place.now()), self._place.now()
        feed = self._place.feed()
        try:
            accept_verified(own, account=account, license=license_, seal=seal, now=now, feed=feed, stored=True)
            self._alive(own)
        except (Expired, Revoked, WrongBinding):
            # Ended, taken back, or of a device of before: from now on only the service licenses.
            self._home.remove(self._name(license_, seal.seal))
            return None
        return opening_of(own, "own", ""), own.content_key(self._account.key_store(), self._account.encryption.key_id)

    def _name(self, license_: PublishingLicense, seal: BodySeal) -> str:
        both = hashlib.sha256(license_.digest + seal.digest).hexdigest()
        return f"licenses/{self._account.scope}-{both[:40]}"


def opening_of(use: UseLicense, source: str, delegation: str) -> Opening:
    """Return what an opening by a license rests on."""
    body = use.body
    if body is None:
        raise CannotUnseal(message("The service did not say which edition this is."))
    return Opening(
        cid=use.cid,
        rights=use.rights,
        source=source,
        expires=use.exp,
        offline_until=use.offline_until,
        edition=body.n,
        status=body.status,
        signer=body.signer,
        contact=use.contact,
        edit=use.edit,
        rekey=use.rekey,
        follow=use.follow,
        delegation=delegation,
        license=use.jti,
    )
