"""What is said about one's own document never sends its author to a sender."""

import pytest

from chancery.errors import ChanceryError
from chancery.policy.reasons import WORDS, Reason


@pytest.mark.parametrize("reason", list(Reason))
def test_the_issuer_of_a_document_is_not_referred_to_its_sender(reason: Reason) -> None:
    words = WORDS[reason]
    if "sender" in words.next_step or "owner" in words.next_step:
        assert words.own_step or reason in NEVER_ONE_S_OWN
    assert "sender" not in words.own_step


NEVER_ONE_S_OWN = {
    Reason.EXPIRED, Reason.BLOCKED,
    Reason.GRANT_ENDED, Reason.EXPIRED_AFTER_OPENING, Reason.DENIED_BY_ENTRY, Reason.NOT_GRANTED,  # skipped for them
    Reason.ADDRESS_CHANGED_HANDS, Reason.DOMAIN_CHANGED_HANDS,
}  # fmt: skip


def every_error(kind: type[ChanceryError]) -> list[type[ChanceryError]]:
    return [kind, *(inner for one in kind.__subclasses__() for inner in every_error(one))]


def test_errors_about_a_file_do_not_take_it_for_somebody_else_s() -> None:
    assert [error for error in every_error(ChanceryError) if "sk the sender" in str(error.remedy)] == []
