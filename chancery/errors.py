"""Every error of the library, in one tree.

    ChanceryError
    ├── InvalidFile            the bytes are not a sealed file, or were changed        (exit 3)
    ├── InvalidObject          a signed object breaks the profile or its own rules     (exit 3)
    │   ├── InvalidSignature   the signature does not verify
    │   ├── Expired            outside its time: not valid yet, or no longer
    │   ├── WrongBinding       genuine, but made for another organization, document, device or edition
    │   ├── Revoked            a verified feed statement withdraws this license
    │   └── FeedGap            statements are missing between the last one and this one
    ├── UntrustedKey           the signer is not one the caller trusts                 (exit 3)
    │   └── CompromisedKey     the organization has marked the key behind the signer as compromised
    ├── CannotUnseal           a sealed blob does not open with this key               (exit 3)
    ├── UnknownSuite           a suite name this version does not know                 (exit 3)
    ├── InvalidPolicy          a policy breaks its schema                              (exit 2)
    ├── Conflict               the request contradicts a state that already exists
    │   ├── Superseded         another edition of the document is newer
    │   └── MayNotEdit         the right to edit by which an edition was sealed counts no more
    ├── NotFound               no such thing, or none that the caller may see
    └── Unavailable            the service cannot decide now; nothing was issued       (exit 4)

A refusal by policy is *not* an error: it is a returned ``chancery.policy.case.Deny``, because raising would roll
back the record of it (docs/architecture.md).

Every error says what to do next (``remedy``) and has a stable ``code`` that the API, the command line and the
handbook share.  Messages never contain key material.
"""

from typing import ClassVar

from chancery.texts import message


class ChanceryError(Exception):
    """Base of all errors that a caller is expected to handle."""

    code: ClassVar[str] = "error"
    remedy: ClassVar[str] = message("Try again; if it happens again, give your administrator the correlation id.")

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = self.remedy if remedy is None else remedy


class InvalidFile(ChanceryError):
    """The bytes are not a sealed file of this format, or somebody changed them."""

    code = "invalid_file"
    remedy = message(
        "This copy is damaged or was changed. If it was sent to you, ask for it again; if you protected it yourself,"
        " use another copy, or protect the original again."
    )


class InvalidObject(ChanceryError):
    """A license, certificate or request breaks the strict profile or its own rules."""

    code = "invalid_object"
    remedy = message(
        "If the file was sent to you, ask for it again; if you made it yourself, update the program that made it."
    )


class InvalidSignature(InvalidObject):
    """The signature on an object does not verify under the key it must be signed with."""

    code = "invalid_signature"


class Expired(InvalidObject):
    """A genuine object outside its time: not valid yet, no longer valid, or its lease was not renewed."""

    code = "expired"
    remedy = message("Connect to the service so that the license can be renewed, and check the clock of this computer.")


class WrongBinding(InvalidObject):
    """A genuine object that was made for another organization, document, person, device or edition."""

    code = "wrong_binding"
    remedy = message(
        "Parts of it belong to something else. If it was sent to you, ask for it again; if you protected it yourself,"
        " use another copy, or protect the original again."
    )


class Revoked(InvalidObject):
    """A verified feed statement withdraws this license."""

    code = "revoked"
    remedy = message("Ask the owner of the document whether you still have access.")


class FeedGap(InvalidObject):
    """Feed statements are missing between the last verified one and this one."""

    code = "feed_gap"
    remedy = message("Fetch the full list from the service.")


class UntrustedKey(ChanceryError):
    """The object is well formed, but its signer is not one the caller trusts for it."""

    code = "untrusted_key"
    remedy = message(
        "Do not open the file. If it was sent to you, ask which organization it comes from; if it is your own, sign in"
        " at the organization that protected it."
    )


class CompromisedKey(UntrustedKey):
    """The organization has marked the key that vouches for the signer as compromised: others may have it."""

    code = "compromised_key"
    remedy = message("Ask the person who protected it to protect it again, under the organization's current key.")


class CannotUnseal(ChanceryError):
    """A sealed blob does not open: other key, other context, or changed bytes (deliberately not distinguished)."""

    code = "cannot_unseal"
    remedy = message(
        "This copy is damaged or belongs to another document. If it was sent to you, ask for it again; if you"
        " protected it yourself, use another copy, or protect the original again."
    )


class UnknownSuite(ChanceryError):
    """The object names a suite of algorithms that this version does not know or no longer accepts."""

    code = "unknown_suite"
    remedy = message("Update Chancery; the file was made with algorithms that this version does not know.")


class InvalidPolicy(ChanceryError):
    """A policy breaks its schema; nothing was protected or changed.

    ``entry`` is the text at fault where the policy was to name people, so that a form can point at it.
    """

    code = "invalid_policy"
    remedy = message("Correct the named field and try again.")

    def __init__(self, message: str, *, remedy: str | None = None, entry: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.entry = entry


class Conflict(ChanceryError):
    """The request contradicts a state that already exists; nothing was changed."""

    code = "conflict"
    remedy = message("Reload the page or the object and try again.")


class Superseded(Conflict):
    """A genuine edition that does not follow the newest registered one; it is not recorded."""

    code = "superseded"
    remedy = message("Get the newest edition, and put your changes into that one.")


class MayNotEdit(Conflict):
    """A genuine edition by somebody whose right to edit counts no more; it is not recorded."""

    code = "may_not_edit"
    remedy = message("Open the newest edition again; if you may still edit it, put your changes into that one.")


class NotFound(ChanceryError):
    """There is no such thing, or none that the caller may see; the two read the same."""

    code = "not_found"
    remedy = message("Check the address; ask the owner whether you still have access.")


class Unavailable(ChanceryError):
    """The service cannot decide or record now, so it issues nothing (docs/protocol.md P29)."""

    code = "unavailable"
    remedy = message("Wait a moment and try again; nothing was issued or changed.")


class LedgerHasGap(Unavailable):
    """A client knows a checkpoint that the ledger has forgotten: nothing is licensed until a restore is confirmed."""

    remedy = message(
        "The operator confirms the restore with 'manage.py confirm_restore'; until then nothing is licensed."
    )

    def __init__(self) -> None:
        super().__init__(message("The audit log of this organization has a gap that no operator has confirmed yet."))
