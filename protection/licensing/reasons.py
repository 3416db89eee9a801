"""Why an opening is refused: one enumeration for the API, the ledger and the screens (DESIGN.md §8).

Each reason has words for the person, the owner and the administrator, and the person's next step.  To the person,
``not_granted`` and ``denied_by_entry`` read the same (PROTOCOL P19): a deny entry must not reveal itself.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """A stable code; values are on record for ever and are never given another meaning."""

    SERVICE_INACTIVE = "service_inactive"
    ORGANIZATION_SUSPENDED = "organization_suspended"
    KEY_UNAVAILABLE = "key_unavailable"
    PERSON_DISABLED = "person_disabled"
    DEVICE_REVOKED = "device_revoked"
    PLATFORM_OFF = "platform_off"
    ORGANIZATION_CONDITION = "organization_condition"
    SUPER_USER_GRANT_INVALID = "super_user_grant_invalid"
    ISSUER_BARRED = "issuer_barred"
    REGISTRATION_HELD = "registration_held"
    REVOKED = "revoked"
    REVOKED_FOR_YOU = "revoked_for_you"
    EXPIRED = "expired"
    EXPIRED_AFTER_OPENING = "expired_after_opening"
    DENIED_BY_ENTRY = "denied_by_entry"
    CONDITION_UNMET = "condition_unmet"
    PROGRAM_DOES_NOT_ENFORCE = "program_does_not_enforce"
    NOT_GRANTED = "not_granted"
    TEMPLATE_UNKNOWN = "template_unknown"
    CONTENT_ID_CONFLICT = "content_id_conflict"
    TAMPERED = "tampered"
    SUPERSEDED = "superseded"
    MAY_NOT_EDIT = "may_not_edit"
    PUBLISHING_NOT_ALLOWED = "publishing_not_allowed"
    VIEWER_ONLY = "viewer_only"


MAY_BE_ASKED: Final = frozenset(
    {
        Reason.NOT_GRANTED,
        Reason.DENIED_BY_ENTRY,
        Reason.EXPIRED,
        Reason.EXPIRED_AFTER_OPENING,
        Reason.REVOKED_FOR_YOU,
    }
)
"""Refusals that the owner can undo for one person who asks for access.

What is revoked for everybody was taken back on purpose; what a condition asks for, the person himself can bring; and
what the organization decides is not the owner's.
"""


@dataclass(frozen=True, slots=True)
class Words:
    """What each audience reads; plain text, no mark-up."""

    person: str
    owner: str
    administrator: str
    next_step: str


_ASK_OWNER = "Ask the document's owner for access."
_NO_ACCESS = "You do not have access to this document."

WORDS: dict[Reason, Words] = {
    Reason.SERVICE_INACTIVE: Words(
        "The organization that protected this document has switched its protection service off.",
        "Your organization's protection service is switched off.",
        "The protection service is deactivated.",
        "Try again later, or ask the organization that sent it.",
    ),
    Reason.ORGANIZATION_SUSPENDED: Words(
        "The organization that protected this document is suspended.",
        "Your organization is suspended on this installation.",
        "The organization is suspended or sealed by the operator.",
        "Ask the organization that sent it.",
    ),
    Reason.KEY_UNAVAILABLE: Words(
        "The key that protects this document is not available at the moment.",
        "The organization's key for this document is not available.",
        "The tenant key is withdrawn, destroyed or its key store does not answer.",
        "Try again later; ask the sender if it lasts.",
    ),
    Reason.PERSON_DISABLED: Words(
        "Your account is disabled.",
        "This person's account is disabled or blocked.",
        "The person, or every organization the person belongs to, is disabled or blocked.",
        "Ask your administrator to enable your account.",
    ),
    Reason.DEVICE_REVOKED: Words(
        "This device has been revoked.",
        "The device used has been revoked.",
        "The device is revoked or belongs to somebody else.",
        "Sign in again to enroll this device anew, if it is yours.",
    ),
    Reason.PLATFORM_OFF: Words(
        "The organization does not allow opening on this kind of device.",
        "Your organization does not allow this kind of device.",
        "The device's platform is switched off for the organization.",
        "Open the document on another kind of device.",
    ),
    Reason.ORGANIZATION_CONDITION: Words(
        "The organization asks for something this opening does not meet.",
        "A condition of your organization was not met.",
        "An organization-wide condition was not met or could not be evaluated.",
        "See the detail for what would satisfy it.",
    ),
    Reason.SUPER_USER_GRANT_INVALID: Words(
        "The super-user grant you named is not valid for this document.",
        "Somebody tried to open it with a super-user grant that is not valid for it.",
        "The named super-user grant is not active, not approved by another person, or does not cover this content.",
        "Request a grant that covers this document.",
    ),
    Reason.ISSUER_BARRED: Words(
        "You protected this document, but your access to it has been barred.",
        "The issuer is barred from this document.",
        "The issuer is barred from this document.",
        _ASK_OWNER,
    ),
    Reason.REGISTRATION_HELD: Words(
        "This document waits for an administrator of the sender's organization to accept it.",
        "The document's registration is held until an administrator accepts it.",
        "The registration is held; accept or bar it.",
        "Ask the sender to have the document accepted.",
    ),
    Reason.REVOKED: Words(
        "Access to this document has been withdrawn.",
        "The document is revoked.",
        "The document is revoked.",
        _ASK_OWNER,
    ),
    Reason.REVOKED_FOR_YOU: Words(
        "Your access to this document has been withdrawn.",
        "Access of this person or one of their groups is revoked on this document.",
        "The person or one of the person's groups is revoked on this document.",
        _ASK_OWNER,
    ),
    Reason.EXPIRED: Words(
        "Access to this document has expired.",
        "The document's policy has expired.",
        "The policy's expiry has passed.",
        "Ask the document's owner to extend it.",
    ),
    Reason.EXPIRED_AFTER_OPENING: Words(
        "Your time with this document, which began when you first opened it, is over.",
        "The days that this person had from the first opening on have passed.",
        "The policy's days after the person's first opening have passed.",
        "Ask the document's owner to extend it.",
    ),
    Reason.DENIED_BY_ENTRY: Words(
        _NO_ACCESS,
        "A deny entry matches this person.",
        "A deny or block entry matches one of the person's addresses, memberships or groups.",
        _ASK_OWNER,
    ),
    Reason.CONDITION_UNMET: Words(
        "The document's policy asks for something this opening does not meet.",
        "A condition of the policy was not met.",
        "A condition of the policy was not met or could not be evaluated.",
        "See the detail for what would satisfy it.",
    ),
    Reason.PROGRAM_DOES_NOT_ENFORCE: Words(
        "The document asks for a program that keeps to the limits of your access, and this one does not say it does.",
        "The program used does not say that it withholds what the policy wants withheld.",
        "The program does not state that it enforces what the policy or the organization wants enforced.",
        "Open the document in a program that withholds what you were not given.",
    ),
    Reason.NOT_GRANTED: Words(
        _NO_ACCESS,
        "No entry of the policy grants this person access.",
        "No entry of the policy matches the person.",
        _ASK_OWNER,
    ),
    Reason.TEMPLATE_UNKNOWN: Words(
        "The template that protects this document is not known to the service.",
        "The document names a template your organization does not have.",
        "The publishing license names an unknown template or version.",
        "Ask the sender to protect the document again.",
    ),
    Reason.CONTENT_ID_CONFLICT: Words(
        "This file claims the identity of another document.",
        "A file claimed this document's identity with another license.",
        "Another publishing license with the same content id was refused.",
        "Do not open the file; ask the sender for it again.",
    ),
    Reason.TAMPERED: Words(
        "This file was changed by somebody who may not change it.",
        "A changed copy of this document was refused.",
        "A seal, license or certificate did not verify.",
        "Ask the sender for the file again.",
    ),
    Reason.SUPERSEDED: Words(
        "Somebody has saved another edition of this document since.",
        "An edition was brought that does not follow the newest one; it was not taken.",
        "The edition's predecessor is not the newest edition on record; nobody changed anything unlawfully.",
        "Get the newest edition, and put your changes into that one.",
    ),
    Reason.MAY_NOT_EDIT: Words(
        "The right to edit this document by which this edition was saved counts no more.",
        "An edition was brought by a right to edit that counts no more; it was not taken.",
        "The edit certificate had ended, access was changed after it was given, or whoever sealed it lost the right.",
        "Open the newest edition again; if you may still edit it, put your changes into that one.",
    ),
    Reason.PUBLISHING_NOT_ALLOWED: Words(
        "You may not protect documents for this organization.",
        "The publisher is not allowed to protect for this organization.",
        "The publisher is no member, is disabled, or the certificate does not permit it.",
        "Ask your administrator.",
    ),
    Reason.VIEWER_ONLY: Words(
        "This document is shown in the viewer and cannot be opened together with others.",
        "The document is shown in the viewer only.",
        "The policy never releases the content key to devices.",
        "Open the document by itself.",
    ),
}
"""Words for every reason; a test holds the table complete."""
