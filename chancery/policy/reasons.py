"""Why an opening is refused: one enumeration for the API, the ledger and the screens (docs/protocol.md P19).

Each reason has words for the person, the owner and the administrator, and the person's next step.  To the person,
``not_granted`` and ``denied_by_entry`` read the same (P19): a deny entry must not reveal itself.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chancery.texts import say


class Reason(StrEnum):
    """A stable code; values are kept for ever and are never given another meaning."""

    SERVICE_INACTIVE = "service_inactive"
    ORGANIZATION_SUSPENDED = "organization_suspended"
    KEY_UNAVAILABLE = "key_unavailable"
    PERSON_DISABLED = "person_disabled"
    DEVICE_REVOKED = "device_revoked"
    PLATFORM_OFF = "platform_off"
    ORGANIZATION_CONDITION = "organization_condition"
    SUPER_USER_GRANT_INVALID = "super_user_grant_invalid"
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
    DOMAIN_CHANGED_HANDS = "domain_changed_hands"
    TEMPLATE_UNKNOWN = "template_unknown"
    CONTENT_ID_CONFLICT = "content_id_conflict"
    TAMPERED = "tampered"
    KEY_WITHDRAWN = "key_withdrawn"
    CLOCK_WRONG = "clock_wrong"
    SUPERSEDED = "superseded"
    MAY_NOT_EDIT = "may_not_edit"
    PUBLISHING_NOT_ALLOWED = "publishing_not_allowed"
    VIEWER_ONLY = "viewer_only"
    NOT_SUPPORTED = "not_supported"


MAY_BE_ASKED: Final = frozenset(
    {
        Reason.NOT_GRANTED,
        Reason.DENIED_BY_ENTRY,
        Reason.DOMAIN_CHANGED_HANDS,
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


_ASK_OWNER = say("Ask the document's owner for access.")
_NO_ACCESS = say("You do not have access to this document.")

WORDS: dict[Reason, Words] = {
    Reason.SERVICE_INACTIVE: Words(
        say("The organization that protected this document has switched its protection service off."),
        say("Your organization's protection service is switched off."),
        say("The protection service is deactivated."),
        say("Try again later, or ask the organization that sent it."),
    ),
    Reason.ORGANIZATION_SUSPENDED: Words(
        say("The organization that protected this document is suspended."),
        say("Your organization is suspended on this installation."),
        say("The organization is suspended or sealed by the operator."),
        say("Ask the organization that sent it."),
    ),
    Reason.KEY_UNAVAILABLE: Words(
        say("The key that protects this document is not available at the moment."),
        say("The organization's key for this document is not available."),
        say("The tenant key is withdrawn, destroyed or its key store does not answer."),
        say("Try again later; ask the sender if it lasts."),
        own_step=say("Try again later; ask an administrator of your organization if it lasts."),
    ),
    Reason.PERSON_DISABLED: Words(
        say("Your account is disabled."),
        say("This person's account is disabled or blocked."),
        say("The person, or every organization the person belongs to, is disabled or blocked."),
        say("Ask your administrator to enable your account."),
    ),
    Reason.DEVICE_REVOKED: Words(
        say("This device has been revoked, or this organization has blocked it."),
        say("The device used has been revoked or blocked."),
        say("The device is revoked or blocked here, or belongs to somebody else."),
        say("If it is yours, ask your administrator, or sign in again to enroll it anew."),
    ),
    Reason.PLATFORM_OFF: Words(
        say("The organization does not allow opening on this kind of device."),
        say("Your organization does not allow this kind of device."),
        say("The device's platform is switched off for the organization."),
        say("Open the document on another kind of device."),
    ),
    Reason.ORGANIZATION_CONDITION: Words(
        say("The organization asks for something this opening does not meet."),
        say("A condition of your organization was not met."),
        say("An organization-wide condition was not met or could not be evaluated."),
        say("See the detail for what would satisfy it."),
    ),
    Reason.SUPER_USER_GRANT_INVALID: Words(
        say("The super-user grant you named is not valid for this document."),
        say("Somebody tried to open it with a super-user grant that is not valid for it."),
        say(
            "The named super-user grant is not active, not approved by another person, or does not cover this content."
        ),
        say("Request a grant that covers this document."),
    ),
    Reason.ISSUER_BLOCKED: Words(
        say("You protected this document, but your access to it has been blocked."),
        say("The issuer is blocked from this document."),
        say("The issuer is blocked from this document."),
        _ASK_OWNER,
        own_step=say("Ask an administrator of your organization to let you in again."),
    ),
    Reason.REGISTRATION_PENDING: Words(
        say("This document waits for an administrator of the sender's organization to accept it."),
        say("The document's registration is pending until an administrator accepts it."),
        say("The registration is pending; accept or block it."),
        say("Ask the sender to have the document accepted."),
        own_step=say("Ask an administrator of your organization to accept the document."),
    ),
    Reason.REVOKED: Words(
        say("Access to this document has been withdrawn."),
        say("The document is revoked."),
        say("The document is revoked."),
        _ASK_OWNER,
        own_step=say("Open the document's page: there you can give access back."),
    ),
    Reason.REVOKED_FOR_YOU: Words(
        say("Your access to this document has been withdrawn."),
        say("Access of this person or one of their groups is revoked on this document."),
        say("The person or one of the person's groups is revoked on this document."),
        _ASK_OWNER,
        own_step=say("Open the document's page: there you can give access back, or ask an administrator."),
    ),
    Reason.EXPIRED: Words(
        say("Access to this document has expired."),
        say("The document's policy has expired."),
        say("The policy's expiry has passed."),
        say("Ask the document's owner to extend it."),
    ),
    Reason.EXPIRED_AFTER_OPENING: Words(
        say("Your time with this document, which began when you first opened it, is over."),
        say("The days that this person had from the first opening on have passed."),
        say("The policy's days after the person's first opening have passed."),
        say("Ask the document's owner to extend it."),
    ),
    Reason.DENIED_BY_ENTRY: Words(
        _NO_ACCESS,
        say("A deny entry matches this person."),
        say("A deny or block entry matches one of the person's addresses, memberships or groups."),
        _ASK_OWNER,
    ),
    Reason.CONDITION_UNMET: Words(
        say("The document's policy asks for something this opening does not meet."),
        say("A condition of the policy was not met."),
        say("A condition of the policy was not met or could not be evaluated."),
        say("See the detail for what would satisfy it."),
    ),
    Reason.PROGRAM_DOES_NOT_ENFORCE: Words(
        say(
            "The document asks for a program that keeps to the limits of your access, "
            "and this one does not say it does."
        ),
        say("The program used does not say that it withholds what the policy wants withheld."),
        say("The program does not state that it enforces what the policy or the organization wants enforced."),
        say("Open the document in a program that withholds what you were not given."),
    ),
    Reason.NOT_GRANTED: Words(
        _NO_ACCESS,
        say("No entry of the policy grants this person access."),
        say("No entry of the policy matches the person."),
        _ASK_OWNER,
    ),
    Reason.DOMAIN_CHANGED_HANDS: Words(
        _NO_ACCESS,
        say(
            "Access was given before the mail domain of this address changed hands, and was never used;"
            " the address may belong to somebody else by now. If they are the right person, give access again:"
            " remove the entry and add it anew, or answer their request."
        ),
        say("The matching entry is older than the end of the last owner's proof of its mail domain, and is not bound."),
        _ASK_OWNER,
    ),
    Reason.TEMPLATE_UNKNOWN: Words(
        say("The template that protects this document is not known to the service."),
        say("The document names a template your organization does not have."),
        say("The publishing license names an unknown template or version."),
        say("Ask the sender to protect the document again."),
        own_step=say("Protect the original again, under a template of your organization."),
    ),
    Reason.CONTENT_ID_CONFLICT: Words(
        say("This file claims the identity of another document."),
        say("A file claimed this document's identity with another license."),
        say("Another publishing license with the same content id was refused."),
        say("Do not open the file; ask the sender for it again."),
        own_step=say("Use another copy of your document, or protect the original again."),
    ),
    Reason.TAMPERED: Words(
        say("This file was changed by somebody who may not change it."),
        say("A changed copy of this document was refused."),
        say("A seal, license or certificate did not verify."),
        say("Ask the sender for the file again."),
        own_step=say("Use another copy of your document, or protect the original again."),
    ),
    Reason.KEY_WITHDRAWN: Words(
        say("This was protected under a key that the organization has withdrawn since."),
        say("A file protected under a withdrawn key was brought; it was not taken."),
        say("What vouches for the file was signed, or its key sealed, under a tenant key marked compromised."),
        say("Protect the original again: it is then protected under the organization's present key."),
    ),
    Reason.CLOCK_WRONG: Words(
        say("The clock of the device that protected this was wrong: it names a time at which it could not be made."),
        say("A file was brought that a device with a wrong clock had protected; it was not taken."),
        say("The seal or license names a time outside the life of its certificate; nothing else is wrong with it."),
        say("Set the clock of that device right, and protect the original again."),
    ),
    Reason.SUPERSEDED: Words(
        say("Somebody has saved another edition of this document since."),
        say("An edition was brought that does not follow the newest one; it was not taken."),
        say("The edition's predecessor is not the newest registered edition; nobody changed anything unlawfully."),
        say(
            "Get the newest edition from the person who saved it, and put your changes into that one. If"
            " nobody else opens it, you can save without it 15 minutes after it was saved."
        ),
    ),
    Reason.MAY_NOT_EDIT: Words(
        say("The right to edit this document by which this edition was saved counts no more."),
        say("An edition was brought by a right to edit that counts no more; it was not taken."),
        say("The edit certificate had ended, access was changed after it was given, or its author lost the right."),
        say("Open the newest edition again; if you may still edit it, put your changes into that one."),
    ),
    Reason.PUBLISHING_NOT_ALLOWED: Words(
        say("You may not protect documents for this organization."),
        say("The publisher is not allowed to protect for this organization."),
        say("The publisher is no member, is disabled, or the certificate does not permit it."),
        say("Ask your administrator."),
    ),
    Reason.VIEWER_ONLY: Words(
        say("This document may only be shown in the viewer, and there is no viewer yet."),
        say("The policy lets the document be shown in the viewer only, and there is no viewer yet."),
        say("The policy never releases the content key to devices; the viewer that it asks for does not exist yet."),
        say("Ask its owner to let programs on devices open it."),
        own_step=say("Change the policy so that programs on devices may open it."),
    ),
    Reason.NOT_SUPPORTED: Words(
        say("This document asks for something that the service cannot do yet, so it was not registered."),
        say("The document's policy asks for something that the service cannot do yet."),
        say("The policy in the publishing license asks for something that this version does not support."),
        say("Ask the sender to protect it again without the viewer."),
        own_step=say("Protect the original again without the viewer."),
    ),
}
"""Words for every reason; a test holds the table complete."""
