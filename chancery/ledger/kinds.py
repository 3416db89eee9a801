"""The kinds of event that ``protection`` writes into the ledger, and how they end; readers of the ledger know them too.

A kind is ``object.verb`` in the past tense.  Values are kept for ever: a kind may be added, never renamed or
given another meaning.
"""

from enum import StrEnum


class Kind(StrEnum):
    """What happened; the outcome (allowed, refused, done, failed) is beside it in the event."""

    CERTIFICATE_ISSUED = "certificate.issued"
    PROOF_REFUSED = "proof.refused"
    CONTENT_PUBLISHED = "content.published"
    CONTENT_REGISTERED = "content.registered"
    CONTENT_PENDING = "content.pending"
    CONTENT_OPENED = "content.opened"
    CONTENT_EDITED = "content.edited"
    CONTENT_CHANGED = "content.changed"
    CONTENT_LABELED = "content.labeled"
    CONTENT_REVOKED = "content.revoked"
    CONTENT_RESTORED = "content.restored"
    CONTENT_HANDED_OVER = "content.handed_over"
    CONTENT_ACCEPTED = "content.accepted"
    CONTENT_BLOCKED = "content.blocked"
    CONTENT_TAMPERED = "content.tampered"
    CONTENT_REPORTED = "content.reported"
    CODE_ASKED = "code.asked"
    CODE_REFUSED = "code.refused"
    ACCESS_REQUESTED = "access.requested"
    ACCESS_GRANTED = "access.granted"
    ACCESS_DECLINED = "access.declined"
    ACCESS_GAINED_BY_AUTHOR = "access.gained_by_author"
    HAND_OVER_ASKED = "hand_over.asked"
    HAND_OVER_APPROVED = "hand_over.approved"
    HAND_OVER_DECLINED = "hand_over.declined"
    HAND_OVER_FAILED = "hand_over.failed"
    LICENSE_RELEASE_FAILED = "license.release_failed"
    LEDGER_GAP_FOUND = "ledger.gap_found"
    LEDGER_RESTORED = "ledger.restored"
    KEY_CREATED = "key.created"
    KEY_ROTATED = "key.rotated"
    KEY_COMPROMISED = "key.compromised"
    KEY_DESTROYED = "key.destroyed"
    SERVICE_ACTIVATED = "service.activated"
    SERVICE_DEACTIVATED = "service.deactivated"
    SETTINGS_CHANGED = "settings.changed"
    TEMPLATE_CREATED = "template.created"
    TEMPLATE_EDITED = "template.edited"
    TEMPLATE_RESTORED = "template.restored"
    TEMPLATE_PUBLISHED = "template.published"
    TEMPLATE_ARCHIVED = "template.archived"
    TEMPLATE_DELETED = "template.deleted"
    TEMPLATE_UNDELETED = "template.undeleted"
    LABEL_CREATED = "label.created"
    LABEL_EDITED = "label.edited"
    LABEL_PUBLISHED = "label.published"
    LABEL_ARCHIVED = "label.archived"


class Outcome(StrEnum):
    """How it ended; four words for every kind, so that a reader can filter without knowing the kinds."""

    DONE = "done"
    ALLOWED = "allowed"
    REFUSED = "refused"
    FAILED = "failed"
