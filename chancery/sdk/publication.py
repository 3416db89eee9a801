"""Publishing a document from this device: its key and its license, and telling the service of it.

See docs/protocol.md P5.
"""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from chancery.crypto.content import new_content_key
from chancery.errors import Expired
from chancery.objects.body import BodySeal, seal_edition_key
from chancery.objects.envelope_content import Envelope, TemplateReference
from chancery.objects.publishing import PublishingLicense, publish
from chancery.objects.statement import KeyUse
from chancery.policy.case import Registration as RegistrationState
from chancery.policy.labels import Effect
from chancery.policy.policy import Conditions, Enforcement
from chancery.policy.reasons import Reason
from chancery.sdk.account import Account
from chancery.sdk.errors import ClockWrong, Misused, Refused, Unreachable
from chancery.sdk.options import ProtectOptions, ad_hoc_policy
from chancery.sdk.organization import Organization, Publishing
from chancery.sealing.read import SealedFile
from chancery.texts import message

_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Publication:
    """All that a protection needs beside the content, and what it was made from."""

    place: Organization
    account: Account
    options: ProtectOptions
    title: str
    publishing: Publishing
    key: bytes = field(repr=False)
    license: PublishingLicense

    def anew(self) -> "Publication":
        """Return the same under the organization's present keys, after one of them was withdrawn."""
        self.place.renew_publishing()
        return published(self.place, self.account, self.options, title=self.title)

    def check(self, file: SealedFile) -> None:
        """Raise unless a recipient's client would believe this file and could open it with a license."""
        self.place.trust.verified(file.verify).unlock(self.key)


def published(place: Organization, account: Account, options: ProtectOptions, *, title: str) -> Publication:
    """Make key and license of a new document as it is wished.  Whatever can refuse a options refuses it here."""
    _require_may_protect(place, account)
    publishing, key = place.publishing(for_others=options.owner is not None), new_content_key()
    label = None if options.label is None else place.label(options.label)
    template = _by_label(label, options) if label else place.template(options.template) if options.template else None
    envelope = Envelope(
        key=key,
        issuer=account.person,
        owner=account.person if options.owner is None else place.owner(options.owner),
        policy=None if template else ad_hoc_policy(options).as_json(),
        template=_reference(template) if template else None,
        expires=options.expires,
        offline=options.offline_days,
        app_data={"label": label["id"]} if label else {},
        title=title[:255],
    )
    keys = [key for key in place.statement().tenant_keys if key.kid in publishing.certificate.kids]
    license_ = publish(
        envelope,
        iss=account.iss,
        org=place.id,
        tenant_key=place.statement().active_encryption_key(frozenset(publishing.certificate.kids)),
        signer=account.signing,
        clc=publishing.token,
        nonce=secrets.token_bytes(16),
        iat=place.now(),
    )
    verified = PublishingLicense.verify(
        license_.token,
        org=place.id,
        tenant_keys={key.kid: key.suite for key in keys if key.use is KeyUse.ENCRYPTION},
        chain=place.chain(publishing.delegation),
    )
    if not verified.within_certificate:
        # The service would hold it, and readers would refuse its seal.
        raise ClockWrong(message("By this device's clock its right to protect is not valid yet, or no longer."))
    return Publication(place, account, options, title, publishing, key, license_)


def _require_may_protect(place: Organization, account: Account) -> None:
    """Raise Refused where the organization does not let this person protect here, before anything is made.

    A certificate may be older than that; what was protected by it would wait for an administrator (decision 46).  The
    service is asked again after a minute, and where it does not answer the certificate counts.
    """
    record, now = f"organizations/{account.scope}-{place.id}-may-protect", int(time.time())
    kept = place.home.read(record)
    if not place.online or (kept is not None and 0 <= now - kept["at"] < _MINUTE):
        return
    try:
        platform = account.certificate(now).platform
        answer = place.call("GET", f"/api/v1/certificates?{urlencode({'platform': platform})}")
    except (Expired, Unreachable):
        return
    if not answer["allowed"]:
        # The service refuses it, and records that.
        place.renew_publishing()
        raise Refused(answer["message"], reason=Reason.PUBLISHING_NOT_ALLOWED, remedy=answer["next_step"])
    place.home.write(record, {"at": now})


class Registration:
    """Tells the service of a body that is sealed but has no name yet, or keeps that for the next contact."""

    def __init__(self, place: Organization, license_: PublishingLicense) -> None:
        """Speak of the document of this license.

        ``done`` tells whether the service knows it, ``pending`` whether an administrator has to accept it first.
        """
        self._place = place
        self._license = license_
        self.done = False
        self.pending = False

    def __call__(self, seal: BodySeal) -> None:
        """Tell of a sealed body."""
        item = {"publishing_license": self._license.token, "body_seal": seal.token}
        try:
            answer = self._place.call("POST", "/api/v1/registrations", item)
        except Unreachable:
            self._place.later("registration", item)
            return
        self.done = True
        self.pending = answer["registration"] == RegistrationState.PENDING.value


def next_key(place: Organization, file: SealedFile, device_key_id: bytes, n: int) -> tuple[bytes, bytes]:
    """Return a new content key for the next edition, and the same sealed to the document's tenant key (P11)."""
    license_, key = file.publishing_license, new_content_key()
    public = next((one for one in place.statement().tenant_keys if one.kid == license_.kid), None)
    if public is None:
        raise Misused(message("The organization no longer lists the key of this document."))
    env = seal_edition_key(
        public.encryption_key(),
        key,
        org=license_.org,
        cid=license_.cid,
        n=n,
        device_key_id=device_key_id,
    )
    return key, env


def _by_label(label: dict[str, Any], options: ProtectOptions) -> dict[str, Any] | None:
    """Return the template that a label protects by, None for one that leaves the protection to the options.

    Raises Misused where the two do not go together.
    """
    template: dict[str, Any] | None = label["template"]
    own = bool(options.grants or options.deny)
    limits = (
        options.conditions != Conditions()
        or options.lease is not None
        or options.expires_after_opening_days is not None
        or options.enforcement is not Enforcement.CLIENT
        or options.watermark
    )
    if template is not None and limits:
        raise Misused(
            message("The label {name} brings its own conditions.", name=label["name"]),
            remedy=message("Only an end and the days without a network may be shortened beside it."),
        )
    if template is not None and own:
        raise Misused(
            message("The label {name} brings its own grants.", name=label["name"]),
            remedy=message("Leave out what you grant, or choose a label that does not protect."),
        )
    if template is None and (label["effect"] != Effect.NONE or not own):
        raise Misused(
            message("The label {name} does not protect anything.", name=label["name"]),
            remedy=message("Choose a label that protects, or grant something yourself."),
        )
    return template


def _reference(template: dict[str, Any]) -> TemplateReference:
    return TemplateReference(UUID(template["id"]), int(template["version"]))
