"""The one home of the sentences of events: for each kind, what happened, with the actor as its subject.

A kind has a plain sentence and may have others before it, which say more: ``portal.words.events`` takes the first one
for which the event holds every value.  So an older event that lacks something still gets a sentence, a plainer one.
Every sentence names ``{who}``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chancery.ledger.kinds import Kind
from portal.words.approval_sentences import APPROVALS
from portal.words.directory_sentences import DIRECTORY
from portal.words.sentence_variants import (
    ALL,
    BY_CODE,
    BY_CODE_IN_VIEWER,
    BY_PERMISSION,
    FOR_THE_OWNER,
    FURTHER,
    HIDDEN_GROUP,
    IN_VIEWER,
    ISSUER,
    ISSUER_TOO,
    OTHER,
    PLAIN,
    REFUSED,
    REPLACED,
    UNDER_GRANT,
    WRITTEN_FOR,
)

_DOCUMENTS: Final[Mapping[str, Mapping[str, Promise]]] = {
    Kind.CERTIFICATE_ISSUED: {
        "device": _("{who} may now protect documents on the device “{device}”."),
        PLAIN: _("{who} may now protect documents on a device of theirs."),
    },
    Kind.CALL_REFUSED: {
        FURTHER: _(
            "{who} tried “{operation}”, which takes the permission {missing}; it was refused."
            " Further ones within the hour are only counted."
        ),
        PLAIN: _("{who} tried “{operation}”, which takes the permission {missing}; it was refused."),
    },
    Kind.REVIEW_STARTED: {PLAIN: _("{who} started the access review “{review_name}”.")},
    Kind.REVIEW_KEPT: {PLAIN: _("{who} kept what {recipient} may, in the access review “{review_name}”.")},
    Kind.REVIEW_REMOVED: {PLAIN: _("{who} took away what {recipient} may, in the access review “{review_name}”.")},
    Kind.REVIEW_CLOSED: {PLAIN: _("{who} closed the access review “{review_name}”.")},
    Kind.REVIEW_STOPPED: {PLAIN: _("{who} ended the repetition of the access review “{review_name}”.")},
    Kind.REVIEW_PUT_OFF: {PLAIN: _("{who} could not begin the access review “{review_name}” again and put it off.")},
    Kind.PUBLISHING_REFUSED: {
        FURTHER: _(
            "{who} tried to protect a document, which they may not here; it was refused."
            " Further ones within the hour are only counted."
        ),
        PLAIN: _("{who} tried to protect a document, which they may not here; it was refused."),
    },
    Kind.PERSONAL_DATA_READ: {
        "people": _("{who} read the list of people and groups."),
        "person": _("{who} read what is known about {recipient}."),
        "left": _("{who} read the list of people who left."),
        "groups": _("{who} read the list of groups."),
        "group": _("{who} read who belongs to the group {recipient}."),
        "events": _("{who} read the audit log."),
        "events_of": _("{who} read the audit log for {recipient}."),
        "documents": _("{who} read the list of everybody’s documents."),
        "document": _("{who} read who has access to {document} and what they did with it."),
        "requests": _("{who} read what everybody asked for."),
        "contacts": _("{who} read the list of contacts."),
        PLAIN: _("{who} read what is known about others."),
    },
    Kind.PROOF_REFUSED: {
        FURTHER: _(
            "{who} sent a request that no device of theirs had proven; it was refused."
            " Further ones within the hour are only counted."
        ),
        PLAIN: _("{who} sent a request that no device of theirs had proven; it was refused."),
    },
    Kind.CONTENT_PUBLISHED: {
        WRITTEN_FOR: _("{who} protected {document} for {owner}, who owns it."),
        "label": _("{who} protected {document} under the label “{label}”."),
        "template": _("{who} protected {document} by the template “{template}”."),
        PLAIN: _("{who} protected {document}."),
    },
    Kind.CONTENT_REGISTERED: {
        REFUSED: _("{who} tried to register {document}; it was refused."),
        WRITTEN_FOR: _("{who} registered {document}, which they protected for {owner}, who owns it."),
        ISSUER: _("{who} registered {document}, which {issuer} had protected."),
        "label": _("{who} registered {document}, protected under the label “{label}”."),
        "template": _("{who} registered {document}, protected by the template “{template}”."),
        PLAIN: _("{who} registered {document}."),
    },
    Kind.CONTENT_PENDING: {
        PLAIN: _("{who} brought {document}; its registration is pending until an administrator decides."),
    },
    Kind.CONTENT_OPENED: {
        UNDER_GRANT: _(
            "{who} opened {document} under super-user grant {grant}, approved by {approver}; allowed: {rights}."
        ),
        BY_CODE_IN_VIEWER: _("{who} opened {document} in the viewer by a mailed code, without an account."),
        BY_CODE: _("{who} opened {document} by a mailed code, without an account; allowed: {rights}."),
        IN_VIEWER: _("{who} opened {document} in the viewer; allowed: {rights}."),
        "rights": _("{who} opened {document}; allowed: {rights}."),
        REFUSED: _("{who} tried to open {document} and was refused."),
        PLAIN: _("{who} opened {document}."),
    },
    Kind.CONTENT_PRELICENSED: {
        REFUSED: _("{who} asked to send licenses for {document} ahead; none could be sent to {recipient}."),
        PLAIN: _(
            "{who} sent a license for {document} ahead to {recipient}. Whether they have opened it is not known until"
            " their device reports it."
        ),
    },
    Kind.CONTENT_READ: {
        REFUSED: _("{who} tried to read {document} by read permission {permission} and was refused."),
        "recipient": _(
            "{who} read {document} for {recipient} by read permission {permission}, approved by {approver}."
        ),
        BY_PERMISSION: _("{who} read {document} by read permission {permission}, approved by {approver}."),
        PLAIN: _("{who} read {document} by a read permission."),
    },
    Kind.CODE_ASKED: {
        FURTHER: _(
            "{who} asked for a code to open {document} as {recipient}. Further ones within the hour are only counted."
        ),
        PLAIN: _("{who} asked for a code to open {document} as {recipient}."),
    },
    Kind.CODE_REFUSED: {
        FURTHER: _(
            "{who} entered a wrong code to open {document} as {recipient}. Further ones within the hour are only"
            " counted."
        ),
        PLAIN: _("{who} entered a wrong code to open {document} as {recipient}."),
    },
    Kind.CONTENT_EDITED: {
        "follows": _(
            "{who} saved edition {edition} of {document} from edition {follows}. Editions saved in between,"
            " which only their authors had opened, are now older editions."
        ),
        "edition": _("{who} saved edition {edition} of {document}."),
        REFUSED: _("{who} brought an edition of {document} that was not taken."),
        PLAIN: _("{who} saved a new edition of {document}."),
    },
    Kind.CONTENT_CHANGED: {PLAIN: _("{who} changed who may do what with {document}.")},
    Kind.CONTENT_LABELED: {
        "between": _("{who} changed the label of {document} from “{before}” to “{label}”."),
        "first": _("{who} gave {document} the label “{label}”."),
        PLAIN: _("{who} changed the label of {document}."),
    },
    Kind.CONTENT_REVOKED: {
        "recipient": _("{who} took access to {document} back from {recipient}."),
        ISSUER_TOO: _("{who} took access to {document} back from everybody, {issuer} who had protected it included."),
        PLAIN: _("{who} took access to {document} back from everybody."),
    },
    Kind.REVOCATION_SCHEDULED: {
        "recipient": _("{who} set access of {recipient} to {document} to end on {until}."),
        PLAIN: _("{who} set everybody's access to {document} to end on {until}."),
    },
    Kind.REVOCATION_CANCELED: {
        "recipient": _("{who} canceled that access of {recipient} to {document} ends on {until}."),
        PLAIN: _("{who} canceled that everybody's access to {document} ends on {until}."),
    },
    Kind.CONTENT_SUCCESSOR_NAMED: {
        REPLACED: _("{who} named the document that replaces {document}."),
        PLAIN: _("{who} removed the name of the document that replaced {document}."),
    },
    Kind.CONTENT_RESTORED: {
        "recipient": _("{who} gave access to {document} back to {recipient}."),
        PLAIN: _("{who} gave access to {document} back to everybody who had it."),
    },
    Kind.CONTENT_HANDED_OVER: {
        FOR_THE_OWNER: _("{who} handed {document}, which {owner} owned, over to {recipient}."),
        "recipient": _("{who} handed {document} over to {recipient}."),
        PLAIN: _("{who} handed {document} over to another owner."),
    },
    Kind.CONTENT_ACCEPTED: {PLAIN: _("{who} accepted the pending registration of {document}.")},
    Kind.CONTENT_BLOCKED: {PLAIN: _("{who} blocked {document} for good.")},
    Kind.CONTENT_TAMPERED: {PLAIN: _("{who} brought a copy of {document} that does not verify.")},
    Kind.CONTENT_REPORTED: {
        "opened": _("{who} opened {document} with a kept license, as their device reported."),
        "printed": _("{who} printed {document}, as their device reported."),
        "copied": _("{who} copied from {document}, as their device reported."),
        "edited": _("{who} edited {document}, as their device reported."),
        "saved": _("{who} saved an unprotected copy of {document}, as their device reported."),
        "exported": _("{who} removed the protection of their copy of {document}, as their device reported."),
        "opened refused": _("{who} tried to open {document} with a kept license; their device refused it."),
        "printed refused": _("{who} tried to print {document}; their device refused it."),
        "copied refused": _("{who} tried to copy from {document}; their device refused it."),
        "edited refused": _("{who} tried to edit {document}; their device refused it."),
        "saved refused": _("{who} tried to save an unprotected copy of {document}; their device refused it."),
        "exported refused": _(
            "{who} tried to remove the protection of their copy of {document}; their device refused it."
        ),
        "refused": _("{who} tried to open {document} with a kept license; their device refused it."),
        "tampered": _("{who} tried to open a copy of {document} that does not verify; their device refused it."),
        PLAIN: _("{who} used a kept copy of {document}, as their device reported."),
    },
    Kind.ACCESS_REQUESTED: {
        "level": _("{who} asked for access to {document} as {level}."),
        PLAIN: _("{who} asked for access to {document}."),
    },
    Kind.ACCESS_GRANTED: {
        "until": _("{who} gave {recipient} access to {document} until {until}: {rights}."),
        "recipient": _("{who} gave {recipient} access to {document}: {rights}."),
        PLAIN: _("{who} gave access to {document} to a person who had asked."),
    },
    Kind.ACCESS_DECLINED: {
        "recipient": _("{who} declined the request of {recipient} for access to {document}."),
        PLAIN: _("{who} declined a request for access to {document}."),
    },
    Kind.ACCESS_GAINED_BY_AUTHOR: {
        "template": _(
            "{who} changed the template “{template}”; by that {recipient} gained access to up to {number} documents."
        ),
        "recipient": _(
            "{who} changed a template, group or address; by that {recipient} gained access to up to {number} documents."
        ),
        PLAIN: _("{who} made a change by which an administrator gained access to documents."),
    },
    Kind.ACTING_BEGAN: {
        "recipient": _("{who} acts for {recipient} until {until}."),
        PLAIN: _("{who} acts for another person."),
    },
    Kind.ACTING_ENDED: {
        "recipient": _("{who} stopped acting for {recipient}."),
        PLAIN: _("{who} stopped acting for another person."),
    },
    Kind.DECOY_MARKED: {PLAIN: _("{who} marked {document} as a decoy.")},
    Kind.DECOY_UNMARKED: {PLAIN: _("{who} removed the mark of a decoy from {document}.")},
    Kind.ALARM_RAISED: {PLAIN: _("{who} raised an alarm about the decoy {document}.")},
    Kind.ALARM_ACKNOWLEDGED: {PLAIN: _("{who} acknowledged an alarm about the decoy {document}.")},
    Kind.BUDGET_MADE: {
        "recipient": _("{who} made a budget for {recipient}: {openings} openings in {seconds} seconds."),
        PLAIN: _("{who} made a budget: {openings} openings in {seconds} seconds."),
    },
    Kind.BUDGET_CHANGED: {PLAIN: _("{who} changed a budget: {openings} openings in {seconds} seconds.")},
    Kind.BUDGET_REMOVED: {PLAIN: _("{who} removed a budget: {openings} openings in {seconds} seconds.")},
    Kind.PAUSE_BEGAN: {
        PLAIN: _("{who} used up a budget of {openings} openings in {seconds} seconds and is paused."),
    },
    Kind.PAUSE_CONFIRMED: {PLAIN: _("{who} confirmed that it was them who opened so much; their pause ended.")},
    Kind.PAUSE_RELEASED: {
        "recipient": _("{who} ended the pause of {recipient}."),
        PLAIN: _("{who} ended the pause of a person."),
    },
    Kind.NAMES_ASKED: {
        HIDDEN_GROUP: _("{who} asked to hide another group's members from owners."),
        ALL: _("{who} asked to show names on all documents again."),
        PLAIN: _("{who} asked to see who opened {document}."),
    },
    Kind.NAMES_SHOWN: {
        HIDDEN_GROUP: _("{who} approved the request of {recipient} to hide another group's members from owners."),
        ALL: _("{who} approved the request of {recipient} to show names on all documents again."),
        "until": _("{who} let {recipient} see who opened {document} until {until}."),
        PLAIN: _("{who} let a person see who opened {document}."),
    },
    Kind.NAMES_DECLINED: {
        HIDDEN_GROUP: _("{who} declined the request of {recipient} to hide another group's members from owners."),
        ALL: _("{who} declined the request of {recipient} to show names on all documents again."),
        "recipient": _("{who} declined to let {recipient} see who opened {document}."),
        PLAIN: _("{who} declined to let a person see who opened {document}."),
    },
    Kind.HAND_OVER_ASKED: {
        "owner": _("{who} asked that documents of {owner} go to {recipient}: {number}."),
        PLAIN: _("{who} asked that documents go to another owner."),
    },
    Kind.HAND_OVER_APPROVED: {
        "owner": _("{who} approved that documents of {owner} go to {recipient}: {number}."),
        PLAIN: _("{who} approved that documents go to another owner."),
    },
    Kind.HAND_OVER_DECLINED: {
        "owner": _("{who} declined that documents of {owner} go to {recipient}."),
        PLAIN: _("{who} declined that documents go to another owner."),
    },
    Kind.HAND_OVER_FAILED: {
        "owner": _("{who} asked that documents of {owner} go to {recipient}; this could not be completed."),
        PLAIN: _("{who} asked that documents go to another owner; this could not be completed."),
    },
    Kind.LICENSE_RELEASE_FAILED: {PLAIN: _("{who} was allowed to open {document}, but the license could not be made.")},
}

_SERVICE: Final[Mapping[str, Mapping[str, Promise]]] = {
    Kind.LEDGER_GAP_FOUND: {
        PLAIN: _(
            "{who} showed that events of this audit log were lost; nothing is licensed until an operator confirms it."
        ),
    },
    Kind.LEDGER_RESTORED: {
        "epoch": _(
            "{who} confirmed that the database was restored from a backup; epoch {epoch} of the audit log began."
        ),
        PLAIN: _("{who} confirmed that the database was restored from a backup."),
    },
    Kind.KEY_CREATED: {
        "key": _("{who} made the key {key} ({suite})."),
        PLAIN: _("{who} made a key."),
    },
    Kind.KEY_ROTATED: {
        "between": _("{who} activated the key {key} in place of {before}."),
        "key": _("{who} activated the key {key}."),
        PLAIN: _("{who} activated a key."),
    },
    Kind.KEY_COMPROMISED: {
        "key": _("{who} marked the key {key} as compromised; nothing under it opens."),
        PLAIN: _("{who} marked a key as compromised."),
    },
    Kind.KEY_DESTROYED: {
        "key": _("{who} destroyed the key {key}; nothing under it ever opens again."),
        PLAIN: _("{who} destroyed a key."),
    },
    Kind.SERVICE_ACTIVATED: {
        "key": _("{who} set the protection service up with the key {key}."),
        PLAIN: _("{who} switched the protection service on."),
    },
    Kind.SERVICE_DEACTIVATED: {PLAIN: _("{who} switched the protection service off.")},
    Kind.LICENSES_INVALIDATED: {
        OTHER: _("{who} invalidated the licenses that members of {target} keep."),
        PLAIN: _("{who} invalidated all licenses that devices keep."),
    },
    Kind.SETTINGS_CHANGED: {PLAIN: _("{who} changed the settings of the service.")},
    Kind.TEMPLATE_CREATED: {
        "template": _("{who} made the template “{template}”."),
        PLAIN: _("{who} made a template."),
    },
    Kind.TEMPLATE_EDITED: {
        "version": _("{who} edited the template “{template}”; it is at version {version} now."),
        "template": _("{who} edited the template “{template}”."),
        PLAIN: _("{who} edited a template."),
    },
    Kind.TEMPLATE_RESTORED: {
        "restored": _("{who} brought back version {restored} of the template “{template}” as version {version}."),
        "template": _("{who} brought back an earlier version of the template “{template}”."),
        PLAIN: _("{who} brought back an earlier version of a template."),
    },
    Kind.TEMPLATE_PUBLISHED: {
        "version": _("{who} published the template “{template}”, which was archived, at version {version}."),
        "template": _("{who} published the template “{template}”."),
        PLAIN: _("{who} published a template."),
    },
    Kind.TEMPLATE_ARCHIVED: {
        "template": _("{who} archived the template “{template}”; it is no longer offered."),
        PLAIN: _("{who} archived a template."),
    },
    Kind.TEMPLATE_DELETED: {
        "template": _("{who} deleted the template “{template}”."),
        PLAIN: _("{who} deleted a template."),
    },
    Kind.TEMPLATE_UNDELETED: {
        "template": _("{who} brought back the deleted template “{template}”."),
        PLAIN: _("{who} brought back a deleted template."),
    },
    Kind.LABEL_CREATED: {
        "label": _("{who} made the label “{label}”."),
        PLAIN: _("{who} made a label."),
    },
    Kind.LABEL_EDITED: {
        "label": _("{who} edited the label “{label}”."),
        PLAIN: _("{who} edited a label."),
    },
    Kind.LABEL_PUBLISHED: {
        "label": _("{who} published the label “{label}”, which was archived."),
        PLAIN: _("{who} published a label."),
    },
    Kind.LABEL_ARCHIVED: {
        "label": _("{who} archived the label “{label}”; it is no longer offered."),
        PLAIN: _("{who} archived a label."),
    },
}

SENTENCES: Final[Mapping[str, Mapping[str, Promise]]] = MappingProxyType(
    {**_DOCUMENTS, **_SERVICE, **APPROVALS, **DIRECTORY}
)
"""By kind, then by variant."""

UNKNOWN: Final = _("{who}: {kind}.")
"""For a kind that a newer version of the service recorded."""
