"""Why something was refused, failed or waits, where the event holds a code that is no refusal of an opening."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chancery.errors import (
    CannotUnseal,
    Expired,
    InvalidObject,
    InvalidPolicy,
    InvalidSignature,
    NotFound,
    Unavailable,
    UnknownSuite,
    UntrustedKey,
    WrongBinding,
)
from chancery.ledger.kinds import Kind
from portal.words.drawing import PROBLEMS
from protection.selectors.protecting import Excluded
from protection.services.answer_preview import ABANDONED
from protection.services.register import Pending

_PROOF: Final[Mapping[str, Promise]] = {
    InvalidObject.code: _("It brought no proof by a device of theirs, or one that cannot be read or was used before."),
    InvalidSignature.code: _("The signature of the proof does not verify."),
    UntrustedKey.code: _("The proof was not made with the key of the device."),
    WrongBinding.code: _("The proof was made for another request."),
    Expired.code: _("The proof was not made within five minutes of the request: it is old, or a clock is wrong."),
}
_RELEASE: Final[Mapping[str, Promise]] = {
    Unavailable.code: _("Something that the service needs for it did not answer."),
    CannotUnseal.code: _("A key that it needs did not open."),
    **{code: title for code, (title, _step) in PROBLEMS.items()},
}
_PENDING: Final[Mapping[str, Promise]] = {
    Pending.OUTSIDE_CERTIFICATE: _("Reason: it was protected outside the life of its certificate."),
    Pending.FROM_THE_FUTURE: _("Reason: it was protected at a moment that lies in the future."),
    Pending.TOO_LATE: _("Reason: the service learned of it too late."),
    Pending.PUBLISHER_DISABLED: _("Reason: the person who protected it is disabled."),
    Pending.DEVICE_REVOKED: _("Reason: the device it was protected on is revoked."),
    Pending.APPLICATION_NOT_PERMITTED: _("Reason: the application that protected it may not protect documents now."),
    Pending.OWNER_NOT_PERMITTED: _("Reason: the person who protected it may not choose the owner that it names."),
    Pending.PUBLISHER_EXCLUDED: _(
        "Reason: the person or the kind of program that protected it may not protect documents here."
    ),
    Pending.OWNER_UNKNOWN: _("Reason: it names an owner who is no member of the organization."),
}
_EXCLUDED: Final[Mapping[str, Promise]] = {
    Excluded.CLIENT_OFF: _("Reason: this kind of program or device protects nothing here."),
    Excluded.NOT_IN_GROUP: _("Reason: only members of certain groups protect here."),
}
_OBJECT: Final[Mapping[str, Promise]] = {
    InvalidObject.code: _("What was brought cannot be read by the rules of its format."),
    InvalidSignature.code: _("A signature in it does not verify."),
    UntrustedKey.code: _("It was signed by a key that counts for nothing here."),
    WrongBinding.code: _("It was made for another organization, document or device."),
    Expired.code: _("A certificate behind it was not valid at that time."),
    CannotUnseal.code: _("Its envelope does not open with the organization's key."),
    UnknownSuite.code: _("It was made with algorithms that this version does not know."),
    InvalidPolicy.code: _("The policy in it breaks the rules for policies."),
}
_PREVIEW: Final[Mapping[tuple[str, str], Promise]] = {
    ("template", NotFound.code): _("There is no such template."),
    ("group", NotFound.code): _("There is no such group in this organization."),
    ("person", NotFound.code): _("There is no such person in this organization."),
}
_BY_KIND: Final[Mapping[str, Mapping[str, Promise]]] = {
    Kind.PROOF_REFUSED: _PROOF,
    Kind.LICENSE_RELEASE_FAILED: _RELEASE,
    Kind.CONTENT_PENDING: _PENDING,
    Kind.PUBLISHING_REFUSED: _EXCLUDED,
}


def code_in_words(kind: str, code: str) -> str:
    """Return what a code of an event means; of one that has no words of its own, where to find out."""
    words = _BY_KIND.get(kind, {}).get(code)
    if words is None:
        return gettext("The service's log says more; its code is {code}.").format(code=code)
    return str(words)


def object_code_in_words(code: str) -> str:
    """Return what was wrong with a license or seal that was brought, "" where the reason says it already."""
    return str(_OBJECT.get(code, ""))


def preview_error_in_words(kind: str, code: str) -> str:
    """Return why there is no answer to what a change would do, "" where there is one."""
    if not code:
        return ""
    if code == ABANDONED:
        return gettext("The calculation was started several times and never finished.")
    words = _PREVIEW.get((kind, code))
    return gettext("The change is no longer possible.") if words is None else str(words)


def pending_in_words(code: str) -> str:
    """Return why a registration waits, "" where it does not."""
    return str(_PENDING.get(code, ""))
