"""Why an opening is refused: one enumeration for the API, the ledger and the screens (docs/protocol.md P19).

Each reason has words for the person, the owner and the administrator, and the person's next step.  To the person,
``not_granted`` and ``denied_by_entry`` read the same (P19): a deny entry must not reveal itself.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chancery.texts import message


class Reason(StrEnum):
    """A stable code; values are kept for ever and are never given another meaning."""

    SERVICE_INACTIVE = "service_inactive"
    ORGANIZATION_SUSPENDED = "organization_suspended"
    KEY_UNAVAILABLE = "key_unavailable"
    PERSON_DISABLED = "person_disabled"
    BLOCKED = "blocked"
    OPENINGS_PAUSED = "openings_paused"
    DEVICE_REVOKED = "device_revoked"
    PLATFORM_OFF = "platform_off"
    ORGANIZATION_CONDITION = "organization_condition"
    SUPER_USER_GRANT_INVALID = "super_user_grant_invalid"
    READ_PERMISSION_INVALID = "read_permission_invalid"
    OUTSIDE_READ_PERMISSION = "outside_read_permission"
    ISSUER_BLOCKED = "issuer_blocked"
    REGISTRATION_PENDING = "registration_pending"
    REVOKED = "revoked"
    REVOKED_FOR_YOU = "revoked_for_you"
    EXPIRED = "expired"
    EXPIRED_AFTER_OPENING = "expired_after_opening"
    DENIED_BY_ENTRY = "denied_by_entry"
    CONDITION_UNMET = "condition_unmet"
    PROGRAM_DOES_NOT_ENFORCE = "program_does_not_enforce"
    NOT_GRANTED = "not_granted"
    GRANT_ENDED = "grant_ended"
    ADDRESS_CHANGED_HANDS = "address_changed_hands"
    DOMAIN_CHANGED_HANDS = "domain_changed_hands"
    TEMPLATE_UNKNOWN = "template_unknown"
    CONTENT_ID_CONFLICT = "content_id_conflict"
    TAMPERED = "tampered"
    KEY_COMPROMISED = "key_compromised"
    CLOCK_WRONG = "clock_wrong"
    SUPERSEDED = "superseded"
    MAY_NOT_EDIT = "may_not_edit"
    PUBLISHING_NOT_ALLOWED = "publishing_not_allowed"
    VIEWER_ONLY = "viewer_only"
    NOT_SUPPORTED = "not_supported"
    """Of earlier versions, which refused viewer-only policies; their events and waiting registrations hold it."""


_EARLIER_CODES: Final = {"key_withdrawn": Reason.KEY_COMPROMISED}
"""What events of earlier versions, which cannot be changed, say for a reason of today."""


def reason_of_code(code: str) -> Reason | None:
    """Return the reason that an event or an answer of the service states; None for a code that is not one."""
    return _EARLIER_CODES.get(code) or (Reason(code) if code in frozenset(Reason) else None)


CHANGED_HANDS: Final = frozenset({Reason.ADDRESS_CHANGED_HANDS, Reason.DOMAIN_CHANGED_HANDS})
"""What was granted was meant for a holder or an owner of before; the refused person reads that nothing is granted."""

MAY_BE_ASKED: Final = frozenset(
    {
        Reason.NOT_GRANTED,
        Reason.GRANT_ENDED,
        Reason.DENIED_BY_ENTRY,
        *CHANGED_HANDS,
        Reason.EXPIRED,
        Reason.EXPIRED_AFTER_OPENING,
        Reason.REVOKED_FOR_YOU,
    }
)
"""Refusals that the owner can undo for one person who asks for access.

What is revoked for everybody was taken back on purpose; what a condition asks for, the person themselves can bring; and
what the organization decides is not the owner's.
"""


@dataclass(frozen=True, slots=True)
class Words:
    """What each audience reads; plain text, no mark-up."""

    person: str
    owner: str
    administrator: str
    next_step: str
    own_step: str = ""
    """What helps the person who protected or owns the document; "" where it is the same for everybody.  That person
    reads the words for the owner then, since nobody sent them the file."""


_ASK_OWNER = message("Ask the document's owner for access.")
_NO_ACCESS = message("You do not have access to this document.")

WORDS: dict[Reason, Words] = {
    Reason.SERVICE_INACTIVE: Words(
        message("The organization that protected this document has switched its protection service off."),
        message("Your organization's protection service is switched off."),
        message("The protection service is deactivated."),
        message("Try again later, or ask the organization that sent it."),
    ),
    Reason.ORGANIZATION_SUSPENDED: Words(
        message("The organization that protected this document is suspended."),
        message("Your organization is suspended on this installation."),
        message("The organization is suspended or sealed by the operator."),
        message("Ask the organization that sent it."),
    ),
    Reason.KEY_UNAVAILABLE: Words(
        message("The key that protects this document is not available at the moment."),
        message("The organization's key for this document is not available."),
        message("The tenant key is compromised or destroyed, or its key store does not answer."),
        message("Try again later; ask the sender if it lasts."),
        own_step=message("Try again later; ask an administrator of your organization if it lasts."),
    ),
    Reason.PERSON_DISABLED: Words(
        message("Your account is disabled."),
        message("This person's account is disabled or blocked."),
        message("The person, or every organization the person belongs to, is disabled or blocked."),
        message("Ask your administrator to enable your account."),
    ),
    Reason.BLOCKED: Words(
        _NO_ACCESS,
        message("Your organization has blocked this person, their mail domain or their organization."),
        message("The organization blocks the person, one of their mail domains or an organization of theirs."),
        _ASK_OWNER,
    ),
    Reason.OPENINGS_PAUSED: Words(
        message("You opened more documents in a short time than this organization allows, so your access is paused."),
        message("This person opened more documents in a short time than your organization allows; they are paused."),
        message("The person used up a budget of openings and is paused until they confirm or somebody releases them."),
        message("Ask an administrator of the organization to release you."),
    ),
    Reason.DEVICE_REVOKED: Words(
        message("This device has been revoked, or this organization has blocked it."),
        message("The device used has been revoked or blocked."),
        message("The device is revoked or blocked here, or belongs to another person."),
        message("If it is yours, ask your administrator, or sign in again to enroll it anew."),
    ),
    Reason.PLATFORM_OFF: Words(
        message("The organization does not allow opening on this kind of device."),
        message("Your organization does not allow this kind of device."),
        message("The device's platform is switched off for the organization."),
        message("Open the document on another kind of device."),
    ),
    Reason.ORGANIZATION_CONDITION: Words(
        message("The organization asks for something this opening does not meet."),
        message("A condition of your organization was not met."),
        message("An organization-wide condition was not met or could not be evaluated."),
        message("See the detail for what would satisfy it."),
    ),
    Reason.SUPER_USER_GRANT_INVALID: Words(
        message("The super-user grant you named is not valid for this document."),
        message("An opening with a super-user grant that is not valid for it was refused."),
        message(
            "The named super-user grant is not active, not approved by another person, or does not cover this content."
        ),
        message("Request a grant that covers this document."),
    ),
    Reason.READ_PERMISSION_INVALID: Words(
        message("The read permission you named is not valid now."),
        message("An application tried to read this with a read permission that is not valid."),
        message("The named read permission is not the application's, not approved, withdrawn, or has ended."),
        message("Ask an administrator for a new read permission; reading cannot go on until it is approved."),
    ),
    Reason.OUTSIDE_READ_PERMISSION: Words(
        message("The read permission you named does not cover this document or this person."),
        message("An application tried to read this, which its read permission does not cover."),
        message("The read permission does not cover this content, or not the person for whom it was to be read."),
        message("Leave the document out, or ask an administrator for a read permission that covers it."),
    ),
    Reason.ISSUER_BLOCKED: Words(
        message("You protected this document, but your access to it has been blocked."),
        message("The issuer is blocked from this document."),
        message("The issuer is blocked from this document."),
        _ASK_OWNER,
        own_step=message("Ask an administrator of your organization to let you in again."),
    ),
    Reason.REGISTRATION_PENDING: Words(
        message("This document waits for an administrator of the sender's organization to accept it."),
        message("The document's registration is pending until an administrator accepts it."),
        message("The registration is pending; accept or block it."),
        message("Ask the sender to have the document accepted."),
        own_step=message("Ask an administrator of your organization to accept the document."),
    ),
    Reason.REVOKED: Words(
        message("Access to this document has been revoked."),
        message("The document is revoked."),
        message("The document is revoked."),
        _ASK_OWNER,
        own_step=message("Open the document's page: there you can give access back."),
    ),
    Reason.REVOKED_FOR_YOU: Words(
        message("Your access to this document has been revoked."),
        message("Access of this person or one of their groups is revoked on this document."),
        message("The person or one of the person's groups is revoked on this document."),
        _ASK_OWNER,
        own_step=message("Open the document's page: there you can give access back, or ask an administrator."),
    ),
    Reason.EXPIRED: Words(
        message("Access to this document has expired."),
        message("The document's policy has expired."),
        message("The policy's expiry has passed."),
        message("Ask the document's owner to extend it."),
    ),
    Reason.EXPIRED_AFTER_OPENING: Words(
        message("Your time with this document, which began when you first opened it, is over."),
        message("The days that this person had from the first opening on have passed."),
        message("The policy's days after the person's first opening have passed."),
        message("Ask the document's owner to extend it."),
    ),
    Reason.DENIED_BY_ENTRY: Words(
        _NO_ACCESS,
        message("A deny entry matches this person."),
        message("A deny or block entry matches one of the person's addresses, memberships or groups."),
        _ASK_OWNER,
    ),
    Reason.CONDITION_UNMET: Words(
        message("The document's policy asks for something this opening does not meet."),
        message("A condition of the policy was not met."),
        message("A condition of the policy was not met or could not be evaluated."),
        message("See the detail for what would satisfy it."),
    ),
    Reason.PROGRAM_DOES_NOT_ENFORCE: Words(
        message(
            "The document asks for a program that keeps to the limits of your access, "
            "and this one does not say it does."
        ),
        message("The program used does not say that it withholds what the policy wants withheld."),
        message("The program does not state that it enforces what the policy or the organization wants enforced."),
        message("Open the document in a program that withholds what you were not given."),
    ),
    Reason.NOT_GRANTED: Words(
        _NO_ACCESS,
        message("No entry of the policy grants this person access."),
        message("No entry of the policy matches the person."),
        _ASK_OWNER,
    ),
    Reason.GRANT_ENDED: Words(
        message("Your access to this document has ended."),
        message("What this person was given has ended."),
        message("Every entry of the policy that matches the person, and what they were given beside it, has ended."),
        message("Ask the document's owner to give you access again."),
    ),
    Reason.ADDRESS_CHANGED_HANDS: Words(
        _NO_ACCESS,
        message(
            "Access was given while this address belonged to another person, and was never used. If the present"
            " holder is the right person, give access again: remove the entry and add it anew, or answer their request."
        ),
        message("The matching entry is older than the time when another person lost the address, and is not bound."),
        _ASK_OWNER,
    ),
    Reason.DOMAIN_CHANGED_HANDS: Words(
        _NO_ACCESS,
        message(
            "Access was given before the mail domain of this address changed hands, and was never used; the"
            " address may now belong to another person. If they are the right person, give access again: remove"
            " the entry and add it anew, or answer their request."
        ),
        message(
            "The matching entry is older than the end of the last owner's proof of its mail domain, and is not bound."
        ),
        _ASK_OWNER,
    ),
    Reason.TEMPLATE_UNKNOWN: Words(
        message("The template that protects this document is not known to the service."),
        message("The document names a template your organization does not have."),
        message("The publishing license names an unknown template or version."),
        message("Ask the sender to protect the document again."),
        own_step=message("Protect the original again, under a template of your organization."),
    ),
    Reason.CONTENT_ID_CONFLICT: Words(
        message("This file claims the identity of another document."),
        message("A file claimed this document's identity with another license."),
        message("Another publishing license with the same content id was refused."),
        message("Do not open the file; ask the sender for it again."),
        own_step=message("Use another copy of your document, or protect the original again."),
    ),
    Reason.TAMPERED: Words(
        message("This file was changed by a person who may not change it."),
        message("A changed copy of this document was refused."),
        message("A seal, license or certificate did not verify."),
        message("Ask the sender for the file again."),
        own_step=message("Use another copy of your document, or protect the original again."),
    ),
    Reason.KEY_COMPROMISED: Words(
        message("The organization has marked the key under which this was protected as compromised."),
        message("A file protected under a compromised key was refused."),
        message("What vouches for the file was signed, or its key sealed, under a tenant key marked compromised."),
        message("Protect the original again: it is then protected under the organization's current key."),
    ),
    Reason.CLOCK_WRONG: Words(
        message(
            "The clock of the device that protected this was wrong: it names a time at which it could not be made."
        ),
        message("A file was brought that a device with a wrong clock had protected; it was not taken."),
        message("The seal or license names a time outside the life of its certificate; nothing else is wrong with it."),
        message("Set the clock of that device right, and protect the original again."),
    ),
    Reason.SUPERSEDED: Words(
        message("Another edition of this document has been saved since."),
        message("An edition was brought that does not follow the newest one; it was not taken."),
        message("The edition's predecessor is not the newest registered edition. No file was tampered with."),
        message(
            "Get the newest edition from the person who saved it, and put your changes into that one. If no one"
            " else opens it, you can save without it 15 minutes after it was saved."
        ),
    ),
    Reason.MAY_NOT_EDIT: Words(
        message("The right to edit under which this edition was saved no longer counts."),
        message("An edition was refused: the right to edit under which it was saved no longer counts."),
        message("The edit certificate had ended, access was changed after it was given, or its author lost the right."),
        message("Open the newest edition again; if you may still edit it, put your changes into that one."),
    ),
    Reason.PUBLISHING_NOT_ALLOWED: Words(
        message("You may not protect documents for this organization."),
        message("The publisher is not allowed to protect for this organization."),
        message("The publisher is no member, is disabled, or the certificate does not permit it."),
        message("Ask your administrator."),
    ),
    Reason.VIEWER_ONLY: Words(
        message("This document is shown in the browser only."),
        message("The policy lets the document be shown in the browser only; another program asked for it."),
        message(
            "The policy is viewer only: the content key stays with the service, which shows pages of the document."
        ),
        message("Open it in the browser, on the page “Open a file”."),
    ),
    Reason.NOT_SUPPORTED: Words(
        message("This document asks for something that the service cannot do yet, so it was not registered."),
        message("The document's policy asks for something that the service cannot do yet."),
        message("The policy in the publishing license asks for something that this version does not support."),
        message("Ask the sender to protect it again."),
        own_step=message("Protect the original again."),
    ),
}
"""Words for every reason; a test holds the table complete."""
