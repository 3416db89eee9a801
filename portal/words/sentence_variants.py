"""When a sentence of an event is true of it, beside the values that it names."""

from typing import Final

PLAIN: Final = ""
"""The sentence that needs nothing but actor and object."""
REFUSED: Final = "refused"
"""For an event that was refused."""
OTHER: Final = "other"
"""For what somebody did to another person."""
OWN: Final = "own"
"""For what somebody did to themselves, which would else name them twice."""
ALL: Final = "all"
"""For what is about all documents, not one."""
HIDDEN_GROUP: Final = "group_after"
"""For what is about the group whose members owners do not see."""
FURTHER: Final = "further"
"""For the last one that is recorded before further ones are only counted."""
BY_CODE: Final = "by_code"
"""For an opening by a person who has no account."""
IN_VIEWER: Final = "viewer"
"""For an opening of which the service drew pages."""
BY_CODE_IN_VIEWER: Final = "by_code_in_viewer"
"""For both."""
FOR_THE_OWNER: Final = "for_the_owner"
"""For what an administrator did with a document in the place of its owner."""
UNDER_GRANT: Final = "under_grant"
"""For an opening under a super-user grant, which names why and who approved it."""
BY_PERMISSION: Final = "by_permission"
"""For what an application read by a read permission, which names who approved it."""
FOR_USER: Final = "for_user"
"""For a read permission by which an application reads for people."""
EMERGENCY: Final = "emergency"
"""For an approval by two keepers of recovery keys."""
ISSUER_TOO: Final = "issuer_too"
"""For a revocation that shut out who had protected the document, too."""
WRITTEN_FOR: Final = "for_owner"
"""For what somebody protected for another owner."""
REPLACED: Final = "successor"
"""For a document that another one replaces."""
ISSUER: Final = "issuer"
"""For what somebody did to a document that another person had protected."""

AS_RECORDED: Final = (
    *("version", "restored", "edition", "follows", "epoch", "hours"),
    *("notice_days", "notice_days_before", "legal_ground"),
    *("super_user_group", "super_user_group_before", "openings", "seconds", "people_group", "days", "readable"),
    *("operation", "missing", "review_name"),
)
"""Details that sentences name as they are recorded."""
