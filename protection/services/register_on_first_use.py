"""Register what a license request shows for the first time: a document, or a new edition of one.

See docs/protocol.md P3, P5.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import DataError, transaction

from chancery.errors import (
    ChanceryError,
    CompromisedKey,
    Expired,
    InvalidObject,
    MayNotEdit,
    Superseded,
    Unavailable,
)
from chancery.ledger.kinds import Kind, Outcome
from chancery.policy.reasons import Reason
from chancery.texts import message
from protection.actor import Actor
from protection.models import Content
from protection.selectors.attempts import as_meant, as_seen
from protection.services.directory import Directory
from protection.services.recording import record_action
from protection.services.register import Registered, RegistrationRefused, register
from protection.services.register_edition import register_edition
from protection.services.running import NotRunning


class SendWholeLicense(ChanceryError):
    """Only digests were sent of a document or edition that the service does not know; nothing was decided.

    ``places`` are the positions of these documents in the request, counted from 0.
    """

    code = "send_whole_license"
    remedy = message(
        "Send the publishing license and the body seal themselves; a current client does this automatically."
    )

    def __init__(self, message: str, *, places: Sequence[int] = (0,)) -> None:
        super().__init__(message)
        self.places = tuple(places)


@dataclass(frozen=True, slots=True)
class LicenseRequestItem:
    """One document for which a license is asked: digests always, the objects themselves where they may be new."""

    pl: bytes
    seal: bytes
    publishing_license: str | None = field(default=None, repr=False)
    body_seal: str | None = field(default=None, repr=False)

    @property
    def whole(self) -> bool:
        """Tell whether the objects themselves came along."""
        return self.publishing_license is not None and self.body_seal is not None


def register_on_first_use(
    *, organization: UUID, item: LicenseRequestItem, directory: Directory, actor: Actor, member: bool = True, now: int
) -> Registered | RegistrationRefused:
    """Verify and record what is new about a document.

    What does not verify is recorded as tampering; a genuine edition that comes too late, as an edit that was refused;
    what cannot be kept yet, was made under a key that was withdrawn since, or by a device whose clock is wrong, as a
    registration that was refused: there nobody has done anything wrong.
    ``member`` tells whether the organization knows the actor by the address given, whatever the document names.
    A caller that licenses reads the state again afterwards: what was not believed is still not there.  Raises
    SendWholeLicense when only digests are known, and NotRunning when the organization takes nothing new.
    """
    if item.publishing_license is None or item.body_seal is None:
        raise SendWholeLicense(message("The service does not know this document or this edition of it yet."))
    known = Content.objects.filter(pl_digest=item.pl).first()
    if known is not None and not member:
        actor = as_seen(actor, [known.cid]).get(known.cid) or as_meant(actor, known)
    try:
        record = register if known is None else register_edition
        return record(
            organization=organization,
            publishing_license=item.publishing_license,
            body_seal=item.body_seal,
            directory=directory,
            actor=actor,
            now=now,
        )
    except (Unavailable, NotRunning):
        raise
    except (Superseded, MayNotEdit) as error:
        return _refused(Kind.CONTENT_EDITED, Reason(error.code), item, actor, error)
    except CompromisedKey as error:
        return _refused(Kind.CONTENT_REGISTERED, Reason.KEY_COMPROMISED, item, actor, error)
    except Expired as error:
        return _refused(Kind.CONTENT_REGISTERED, Reason.CLOCK_WRONG, item, actor, error)
    except DataError:
        # Parsers give every value its range; this keeps one document that slipped through from failing a whole batch.
        unstorable = InvalidObject(message("The document holds a value that cannot be stored."))
        return _refused(Kind.CONTENT_TAMPERED, Reason.TAMPERED, item, actor, unstorable)
    except ChanceryError as error:
        return _refused(Kind.CONTENT_TAMPERED, Reason.TAMPERED, item, actor, error)


@transaction.atomic
def _refused(
    kind: Kind, reason: Reason, item: LicenseRequestItem, actor: Actor, error: ChanceryError
) -> RegistrationRefused:
    known = Content.objects.filter(pl_digest=item.pl).first()
    event = record_action(
        kind,
        actor,
        outcome=Outcome.REFUSED,
        reason=reason,
        content=known,
        details={"code": error.code, "what": error.message},
    )
    return RegistrationRefused(reason, event)
