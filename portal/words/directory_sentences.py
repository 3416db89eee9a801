"""The sentences of what happened to people, groups, devices, domains and applications (``event_sentences``)."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.words.sentence_variants import OTHER, OWN, PLAIN
from tenants.events import DirectoryKind

DIRECTORY: Final[Mapping[str, Mapping[str, Promise]]] = {
    DirectoryKind.PERSON_CREATED: {PLAIN: _("{who} added {target} as {role}.")},
    DirectoryKind.PERSON_INVITED: {PLAIN: _("{who} added {target} as a guest.")},
    DirectoryKind.PERSON_INVITED_AGAIN: {PLAIN: _("{who} mailed {target} the invitation again.")},
    DirectoryKind.PERSON_CHANGED: {
        OTHER: _("{who} changed the settings of {target}."),
        PLAIN: _("{who} changed their own settings."),
    },
    DirectoryKind.PERSON_DISABLED: {PLAIN: _("{who} disabled {target}.")},
    DirectoryKind.PERSON_ENABLED: {PLAIN: _("{who} enabled {target} again.")},
    DirectoryKind.PERSON_MERGED: {PLAIN: _("{who} took their account {address} into another one of theirs.")},
    DirectoryKind.PERSON_REMOVED: {
        OTHER: _("{who} removed {target}, who had left."),
        PLAIN: _("{who} left the organization."),
    },
    DirectoryKind.PERSON_DEPROVISIONED: {
        PLAIN: _("{who} deleted {target}: they are disabled, in no group, and no longer provisioned."),
    },
    DirectoryKind.PERSON_STARTED_AFRESH: {
        OWN: _("{who} started afresh: whatever could sign in before the address was proven has ended."),
        PLAIN: _("{who} let {target} start afresh: whatever could sign in before the address was proven has ended."),
    },
    DirectoryKind.ROLE_CHANGED: {
        OWN: _("{who} changed their own role from {before} to {after}."),
        "between": _("{who} changed the role of {target} from {before} to {after}."),
        PLAIN: _("{who} changed the role of {target}."),
    },
    DirectoryKind.ROLE_GIVEN: {
        "ends": _("{who} gave {target} the role {role} until {until}."),
        PLAIN: _("{who} gave {target} the role {role}."),
    },
    DirectoryKind.ROLE_ENDED: {
        OWN: _("{who} gave up the role {role}."),
        PLAIN: _("{who} took the role {role} from {target}."),
    },
    DirectoryKind.ROLE_EXPIRED: {PLAIN: _("{who} ended the role {role} of {target}, whose time was over.")},
    DirectoryKind.ADDRESS_ADDED: {
        OWN: _("{who} gave themselves the address {address}."),
        PLAIN: _("{who} gave {target} the address {address}."),
    },
    DirectoryKind.ADDRESS_MADE_MAIN: {
        OTHER: _("{who} made {address} the main address of {target}."),
        PLAIN: _("{who} made {address} their main address."),
    },
    DirectoryKind.ADDRESS_PROVEN: {PLAIN: _("{who} proved the address {address}.")},
    DirectoryKind.ADDRESS_REMOVED: {
        OTHER: _("{who} took the address {address} from {target}."),
        PLAIN: _("{who} removed the address {address}."),
    },
    DirectoryKind.GROUP_CREATED: {PLAIN: _("{who} made the group {group}.")},
    DirectoryKind.GROUP_CHANGED: {PLAIN: _("{who} changed the group {group}.")},
    DirectoryKind.GROUP_DELETED: {PLAIN: _("{who} deleted the group {group}.")},
    DirectoryKind.DEVICE_ENROLLED: {
        OTHER: _("{who} added the device “{device}” for {target}."),
        PLAIN: _("{who} added the device “{device}”."),
    },
    DirectoryKind.DEVICE_REVOKED: {
        OTHER: _("{who} revoked the device “{device}” of {target}."),
        PLAIN: _("{who} revoked their device “{device}”."),
    },
    DirectoryKind.DEVICE_LOST: {PLAIN: _("{who} reported their device “{device}” lost; it is revoked.")},
    DirectoryKind.LOSS_CODE_ISSUED: {PLAIN: _("{who} gave {target} a code to report a device lost.")},
    DirectoryKind.CONTACT_KEPT: {PLAIN: _("{who} put {address} into the contacts.")},
    DirectoryKind.CONTACT_REMOVED: {PLAIN: _("{who} took {address} out of the contacts.")},
    DirectoryKind.BLOCK_MADE: {
        "until": _("{who} blocked {blocked} until {until}."),
        PLAIN: _("{who} blocked {blocked}."),
    },
    DirectoryKind.BLOCK_REMOVED: {PLAIN: _("{who} let {blocked} in again.")},
    DirectoryKind.DEVICE_BLOCKED: {PLAIN: _("{who} blocked the device “{device}” of {target} here.")},
    DirectoryKind.DEVICE_UNBLOCKED: {PLAIN: _("{who} let the device “{device}” of {target} in again.")},
    DirectoryKind.DOMAIN_CLAIMED: {PLAIN: _("{who} claimed the mail domain {domain}.")},
    DirectoryKind.DOMAIN_PROVEN: {PLAIN: _("{who} proved the mail domain {domain}.")},
    DirectoryKind.DOMAIN_RELEASED: {PLAIN: _("{who} gave up the mail domain {domain}.")},
    DirectoryKind.APPLICATION_CREATED: {
        "roles": _("{who} made the application “{application}” with the roles {roles}."),
        PLAIN: _("{who} made the application “{application}”."),
    },
    DirectoryKind.APPLICATION_CREDENTIAL_ADDED: {
        PLAIN: _("{who} gave the application “{application}” a secret or key to sign in with."),
    },
    DirectoryKind.APPLICATION_CREDENTIAL_ENDED: {
        PLAIN: _("{who} ended a secret or key of the application “{application}”."),
    },
    DirectoryKind.APPLICATION_EXPOSED: {
        OWN: _(
            "{who} no longer manages applications but knows the secret of the application “{application}”, which"
            " works until it is disabled."
        ),
        PLAIN: _(
            "{who} ended the right of {target} to manage applications; {target} knows the secret of the application"
            " “{application}”, which works on until it is disabled."
        ),
    },
    DirectoryKind.APPLICATION_DISABLED: {PLAIN: _("{who} disabled the application “{application}”.")},
    DirectoryKind.PROVISIONING_CONNECTED: {
        PLAIN: _("{who} connected “{application}”, which may manage: {roles}."),
    },
    DirectoryKind.PROVISIONING_CHANGED: {
        PLAIN: _("{who} changed whether the provisioning connection “{application}” only tries."),
    },
    DirectoryKind.PROVISIONING_TOKEN_MADE: {
        PLAIN: _("{who} made a token for the provisioning connection “{application}”."),
    },
    DirectoryKind.PROVISIONING_TOKEN_REFUSED: {
        PLAIN: _("{who} showed a token of the provisioning connection “{application}” that is over."),
    },
    DirectoryKind.PROVISIONING_TOKEN_REVOKED: {
        PLAIN: _("{who} revoked a token of the provisioning connection “{application}”."),
    },
    DirectoryKind.PROVISIONING_STOPPED: {
        PLAIN: _("{who} was stopped: the connection “{application}” was shutting out too many people at once."),
    },
    DirectoryKind.PROVISIONING_RESUMED: {
        PLAIN: _("{who} let the provisioning connection “{application}” go on."),
    },
    DirectoryKind.DIRECTORY_SERVER_CHANGED: {PLAIN: _("{who} changed the directory server “{application}”.")},
    DirectoryKind.DIRECTORY_SERVER_ASKED: {PLAIN: _("{who} asked for a run of the directory server “{application}”.")},
    DirectoryKind.DIRECTORY_SERVER_READ: {PLAIN: _("{who} has read the directory server “{application}”.")},
    DirectoryKind.DIRECTORY_SERVER_STOPPED: {
        PLAIN: _("{who} was stopped: a run of the directory server “{application}” would have taken too many away."),
    },
    DirectoryKind.DIRECTORY_SERVER_LET_THROUGH: {
        PLAIN: _("{who} let a stopped run of the directory server “{application}” through."),
    },
    DirectoryKind.DIRECTORY_SERVER_FAILED: {PLAIN: _("{who} could not read the directory server “{application}”.")},
    DirectoryKind.ENROLLMENT_CODE_ISSUED: {
        OWN: _("{who} issued a code that enrolls a device of theirs."),
        "target": _("{who} issued a code that enrolls a device for {target}."),
        PLAIN: _("{who} issued a code that enrolls a device."),
    },
    DirectoryKind.SESSION_ENDED: {
        OTHER: _("{who} signed {target} out of: {device}."),
        PLAIN: _("{who} signed themselves out of: {device}."),
    },
    DirectoryKind.SESSION_LIMITS_CHANGED: {PLAIN: _("{who} changed how long people stay signed in.")},
    DirectoryKind.SIGN_IN_LINK_ISSUED: {
        OWN: _("{who} issued a link by which they sign in themselves."),
        "target": _("{who} issued a link by which {target} signs in."),
        PLAIN: _("{who} issued a link to sign in."),
    },
    DirectoryKind.SIGN_ON_CONNECTED: {PLAIN: _("{who} connected “{application}” for single sign-on.")},
    DirectoryKind.SIGN_ON_CHANGED: {PLAIN: _("{who} changed single sign-on by “{application}”.")},
    DirectoryKind.SIGN_ON_ENDED: {PLAIN: _("{who} ended single sign-on by “{application}”.")},
    DirectoryKind.SIGN_ON_LINKED: {
        PLAIN: _("{who} bound the account of {target}: “{application}” signs them in from now on."),
    },
    DirectoryKind.SIGN_ON_UNLINKED: {
        PLAIN: _("{who} lets the account of {target} be bound anew by “{application}”."),
    },
    DirectoryKind.SIGN_ON_REFUSED: {PLAIN: _("{who} was refused: a sign-in by “{application}” does not count here.")},
    DirectoryKind.SIGN_ON_SIGNED_OUT: {PLAIN: _("{who} signed {target} out, since “{application}” says so.")},
    DirectoryKind.SIGN_ON_BYPASSED: {PLAIN: _("{who} signed in without “{application}”, as named for emergencies.")},
    DirectoryKind.HOME_LINKED: {
        PLAIN: _("{who} bound the account of {target}: they sign in at their home, {application}, from now on."),
    },
    DirectoryKind.INSTALLATION_VISITED: {PLAIN: _("{who} signed in at another installation, {application}.")},
    DirectoryKind.INSTALLATION_FORBIDDEN: {
        PLAIN: _("{who} forbade members to sign in at the installation {application}."),
    },
    DirectoryKind.INSTALLATION_ALLOWED: {
        PLAIN: _("{who} allowed members again to sign in at the installation {application}."),
    },
    DirectoryKind.ORGANIZATION_SUSPENDED: {PLAIN: _("{who} suspended the organization; nothing of it opens.")},
    DirectoryKind.TAKE_OVER_ANNOUNCED: {
        PLAIN: _("{who} announced to take the organization over, whose mail domain is theirs."),
    },
    DirectoryKind.TAKE_OVER_CANCELED: {PLAIN: _("{who} called off taking the organization over.")},
    DirectoryKind.ORGANIZATION_TAKEN_OVER: {
        PLAIN: _("{who} took the organization over, which nobody had administered."),
    },
    DirectoryKind.ORGANIZATION_RESUMED: {PLAIN: _("{who} resumed the suspended organization.")},
    DirectoryKind.ORGANIZATION_RESTORE_CONFIRMED: {
        PLAIN: _("{who} confirmed that the organization's database was restored from a backup."),
    },
}
