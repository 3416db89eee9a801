"""The sentences of super users, recovery keys and read permissions (``event_sentences``)."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chancery.ledger.kinds import Kind
from portal.words.sentence_variants import EMERGENCY, FOR_USER, PLAIN, REFUSED

APPROVALS: Final[Mapping[str, Mapping[str, Promise]]] = {
    Kind.SUPER_USERS_SWITCHED_ON: {PLAIN: _("{who} switched super users on: who is listed can ask for a grant.")},
    Kind.SUPER_USERS_SWITCHED_OFF: {PLAIN: _("{who} switched super users off: every grant has ended.")},
    Kind.SUPER_USERS_CHANGED: {
        "group": _("{who} let the members of {super_user_group} ask for super-user grants."),
        "no_group": _("{who} no longer lets the members of {super_user_group_before} ask for super-user grants."),
        "notice": _(
            "{who} set after how many days owners are told of super-user openings: {notice_days} (before:"
            " {notice_days_before})."
        ),
        PLAIN: _("{who} changed the settings of super users."),
    },
    Kind.SUPER_USER_ADDED: {PLAIN: _("{who} let {recipient} ask for super-user grants.")},
    Kind.SUPER_USER_REMOVED: {PLAIN: _("{who} no longer lets {recipient} ask for super-user grants.")},
    Kind.SUPER_USER_GRANT_ASKED: {
        "ground": _(
            "{who} asked for super-user grant {grant}, for {hours} hours; owners are never told: {legal_ground}."
        ),
        PLAIN: _("{who} asked for super-user grant {grant}, for {hours} hours."),
    },
    Kind.SUPER_USER_GRANT_SECONDED: {
        PLAIN: _("{who} approved super-user grant {grant} of the application {recipient}; it takes a second one."),
    },
    Kind.SUPER_USER_GRANT_APPROVED: {
        EMERGENCY: _("{who} approved super-user grant {grant} of {recipient} with the second recovery key."),
        PLAIN: _("{who} approved super-user grant {grant} of {recipient}."),
    },
    Kind.SUPER_USER_GRANT_DECLINED: {PLAIN: _("{who} declined super-user grant {grant} of {recipient}.")},
    Kind.SUPER_USER_GRANT_WITHDRAWN: {PLAIN: _("{who} withdrew the request for super-user grant {grant}.")},
    Kind.SUPER_USER_GRANT_LAPSED: {
        PLAIN: _("{who} let super-user grant {grant} of {recipient} lapse: nobody had answered it."),
    },
    Kind.SUPER_USER_GRANT_ENDED: {
        PLAIN: _("{who} ended super-user grant {grant} of {recipient}; documents opened: {number}."),
    },
    Kind.READ_PERMISSION_ASKED: {
        "people_group": _(
            "{who} asked for read permission {permission}: {recipient} may read for members of {people_group}, for"
            " {days} days."
        ),
        FOR_USER: _("{who} asked for read permission {permission}: {recipient} may read for people, for {days} days."),
        PLAIN: _("{who} asked for read permission {permission}: {recipient} may read all, for {days} days."),
    },
    Kind.READ_PERMISSION_APPROVED: {
        "until": _("{who} approved read permission {permission} of {recipient} until {until}."),
        PLAIN: _("{who} approved read permission {permission} of {recipient}."),
    },
    Kind.READ_PERMISSION_DECLINED: {PLAIN: _("{who} declined read permission {permission} of {recipient}.")},
    Kind.READ_PERMISSION_WITHDRAWN: {
        PLAIN: _("{who} withdrew read permission {permission} of {recipient}; documents read: {number}."),
    },
    Kind.READ_PERMISSION_LAPSED: {
        PLAIN: _("{who} let read permission {permission} of {recipient} lapse: nobody had answered it."),
    },
    Kind.READ_PERMISSION_ENDED: {
        PLAIN: _(
            "{who} ended read permission {permission} of {recipient}, whose time was over; documents read: {number}."
        ),
    },
    Kind.READ_PERMISSION_QUERIED: {
        PLAIN: _(
            "{who} asked by read permission {permission} which of {number} documents {recipient} may read: {readable}."
        ),
    },
    Kind.RECOVERY_KEYS_NAMED: {PLAIN: _("{who} named the keepers of the two recovery keys: {recipient}.")},
    Kind.RECOVERY_KEY_SHOWN: {PLAIN: _("{who} was shown their recovery key.")},
    Kind.RECOVERY_KEY_PRESENTED: {
        REFUSED: _("{who} presented a wrong recovery key for super-user grant {grant} of {recipient}."),
        PLAIN: _("{who} presented their recovery key for super-user grant {grant} of {recipient}."),
    },
}
