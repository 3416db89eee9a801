"""The kinds of event that the tenants package writes into organizations' ledgers and into the operators' record.

A kind is ``object.verb`` in the past tense.  Values are kept for ever: a kind may be added, never renamed or
given another meaning.
"""

from enum import StrEnum


class DirectoryKind(StrEnum):
    """What happened to people, groups, devices, domains and applications, and to the organization itself."""

    ADDRESS_ADDED = "address.added"
    ADDRESS_MADE_MAIN = "address.made_main"
    ADDRESS_PROVEN = "address.proven"
    ADDRESS_REMOVED = "address.removed"
    APPLICATION_CREATED = "application.created"
    APPLICATION_DISABLED = "application.disabled"
    APPLICATION_EXPOSED = "application.exposed"
    BLOCK_MADE = "block.made"
    BLOCK_REMOVED = "block.removed"
    DEVICE_BLOCKED = "device.blocked"
    DEVICE_ENROLLED = "device.enrolled"
    DEVICE_REVOKED = "device.revoked"
    DEVICE_UNBLOCKED = "device.unblocked"
    DOMAIN_CLAIMED = "domain.claimed"
    DOMAIN_PROVEN = "domain.proven"
    DOMAIN_RELEASED = "domain.released"
    ENROLLMENT_CODE_ISSUED = "enrollment_code.issued"
    GROUP_CREATED = "group.created"
    GROUP_CHANGED = "group.changed"
    GROUP_DELETED = "group.deleted"
    ORGANIZATION_RESTORE_CONFIRMED = "organization.restore_confirmed"
    ORGANIZATION_RESUMED = "organization.resumed"
    ORGANIZATION_SUSPENDED = "organization.suspended"
    PERSON_DEPROVISIONED = "person.deprovisioned"
    PERSON_CREATED = "person.created"
    PERSON_INVITED = "person.invited"
    PERSON_INVITED_AGAIN = "person.invited_again"
    PERSON_CHANGED = "person.changed"
    PERSON_DISABLED = "person.disabled"
    PERSON_ENABLED = "person.enabled"
    PERSON_REMOVED = "person.removed"
    PERSON_STARTED_AFRESH = "person.started_afresh"
    PROVISIONING_CONNECTED = "provisioning.connected"
    PROVISIONING_CHANGED = "provisioning.changed"
    PROVISIONING_TOKEN_MADE = "provisioning.token_made"  # noqa: S105  # a kind of event
    PROVISIONING_TOKEN_REFUSED = "provisioning.token_refused"  # noqa: S105  # a kind of event
    PROVISIONING_TOKEN_REVOKED = "provisioning.token_revoked"  # noqa: S105  # a kind of event
    PROVISIONING_STOPPED = "provisioning.stopped"
    PROVISIONING_RESUMED = "provisioning.resumed"
    DIRECTORY_SERVER_CHANGED = "directory_server.changed"
    DIRECTORY_SERVER_ASKED = "directory_server.asked"
    DIRECTORY_SERVER_READ = "directory_server.read"
    DIRECTORY_SERVER_STOPPED = "directory_server.stopped"
    DIRECTORY_SERVER_LET_THROUGH = "directory_server.let_through"
    DIRECTORY_SERVER_FAILED = "directory_server.failed"
    ROLE_CHANGED = "role.changed"
    ROLE_ENDED = "role.ended"
    ROLE_EXPIRED = "role.expired"
    ROLE_GIVEN = "role.given"
    SERVICE_ACTIVATED = "service.activated"
    SERVICE_DEACTIVATED = "service.deactivated"
    SIGN_IN_LINK_ISSUED = "sign_in_link.issued"
    SIGN_ON_CONNECTED = "sign_on.connected"
    SIGN_ON_CHANGED = "sign_on.changed"
    SIGN_ON_ENDED = "sign_on.ended"
    SIGN_ON_LINKED = "sign_on.linked"
    SIGN_ON_UNLINKED = "sign_on.unlinked"
    SIGN_ON_REFUSED = "sign_on.refused"
    SIGN_ON_SIGNED_OUT = "sign_on.signed_out"
    SIGN_ON_BYPASSED = "sign_on.bypassed"


class OperatorKind(StrEnum):
    """What the operators' record holds beside the steps that are in an organization's ledger too."""

    MAIL_DROPPED = "mail.dropped"
    MAIL_RETRIED = "mail.retried"
    OPERATOR_ADDED = "operator.added"
    OPERATOR_REMOVED = "operator.removed"
    ORGANIZATION_CREATED = "organization.created"
    ORGANIZATION_ERASED = "organization.erased"
