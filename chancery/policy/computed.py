"""Policies that are computed for the recipients of one message or one file, not kept as templates (promises C28, C29).

They name the actual recipients and nobody else: a person who gets hold of the file without being one opens nothing,
which no template can promise, since the people it names are always the same.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from chancery.errors import InvalidPolicy
from chancery.policy.policy import Grant, Policy, Principal, PrincipalKind
from chancery.policy.rights import ALL_RIGHTS, Right
from chancery.texts import message


class Computed(StrEnum):
    """The two kinds."""

    DO_NOT_FORWARD = "do_not_forward"
    """Read and work on it; not forward, print, copy or save it otherwise."""
    ENCRYPT_ONLY = "encrypt_only"
    """Everything but removing the protection."""


_ON_A_FILE: Final = {
    Computed.DO_NOT_FORWARD: frozenset({Right.VIEW, Right.DOCEDIT, Right.EDIT, Right.OBJMODEL}),
    Computed.ENCRYPT_ONLY: ALL_RIGHTS - {Right.EXPORT, Right.OWNER},
}
_ON_A_MESSAGE: Final = {
    Computed.DO_NOT_FORWARD: frozenset({Right.VIEW, Right.REPLY, Right.REPLYALL, Right.OBJMODEL}),
    Computed.ENCRYPT_ONLY: _ON_A_FILE[Computed.ENCRYPT_ONLY],
}


def computed_policy(kind: Computed, recipients: Iterable[str], *, for_message: bool = False) -> Policy:
    """Return the policy of one kind for these addresses; for a file or an attachment, or for a message itself.

    How long it opens without a network is the organization's rule alone.  Raises InvalidPolicy without a recipient and
    for whatever is no address: domains and organizations are no recipients.
    """
    people = tuple(dict.fromkeys(Principal.parse(text) for text in recipients))
    if not people:
        raise InvalidPolicy(message("There is no recipient."), remedy=message("Name at least one address."))
    for who in people:
        if who.kind is not PrincipalKind.ADDRESS:
            raise InvalidPolicy(
                message("{who} is no recipient.", who=who), remedy=message("Name the addresses it is sent to.")
            )
    rights = (_ON_A_MESSAGE if for_message else _ON_A_FILE)[kind]
    return Policy(grants=tuple(Grant(who, rights) for who in people))
