"""Do Not Forward and Encrypt-Only: policies for the actual recipients."""

import pytest

from chancery.errors import InvalidPolicy
from chancery.policy.case import Allow, Case, Deny, Request
from chancery.policy.computed import Computed, computed_policy
from chancery.policy.evaluate import evaluate
from chancery.policy.policy import PrincipalKind
from chancery.policy.rights import ALL_RIGHTS, Right
from tests.chancery.policy.world import NOW, ORGANIZATION, RITA_ADDRESS, RITA_AT_WORK, content

FORBIDDEN = {Right.FORWARD, Right.PRINT, Right.EXTRACT, Right.EXPORT, Right.OWNER, Right.EDITRIGHTSDATA}


@pytest.mark.parametrize("message", [False, True])
def test_do_not_forward_lets_nobody_forward_print_copy_or_save_it_otherwise(*, message: bool) -> None:
    policy = computed_policy(Computed.DO_NOT_FORWARD, [RITA_ADDRESS], for_message=message)
    (grant,) = policy.grants
    assert grant.rights.isdisjoint(FORBIDDEN)
    assert Right.VIEW in grant.rights


def test_attachments_inherit_view_docedit_edit_and_objmodel() -> None:
    (grant,) = computed_policy(Computed.DO_NOT_FORWARD, [RITA_ADDRESS]).grants
    assert grant.rights == {Right.VIEW, Right.DOCEDIT, Right.EDIT, Right.OBJMODEL}


@pytest.mark.parametrize("message", [False, True])
def test_encrypt_only_gives_every_right_but_export_and_owner(*, message: bool) -> None:
    (grant,) = computed_policy(Computed.ENCRYPT_ONLY, [RITA_ADDRESS], for_message=message).grants
    assert grant.rights == ALL_RIGHTS - {Right.EXPORT, Right.OWNER}


def test_only_the_recipients_open_it() -> None:
    for_max = computed_policy(Computed.DO_NOT_FORWARD, ["max@contoso.example", "MAX@contoso.example"])
    assert [grant.who.kind for grant in for_max.grants] == [PrincipalKind.ADDRESS]
    for_both = computed_policy(Computed.DO_NOT_FORWARD, ["max@contoso.example", RITA_ADDRESS])
    decisions = [
        evaluate(
            Case(organization=ORGANIZATION, content=content(policy), subject=RITA_AT_WORK, request=Request(), now=NOW)
        )
        for policy in (for_max, for_both)
    ]
    assert [type(decision) for decision in decisions] == [Deny, Allow]


@pytest.mark.parametrize("recipients", [[], ["domain:fabrikam.example"], ["authenticated"], ["nobody"]])
def test_what_is_no_recipient_is_refused(recipients: list[str]) -> None:
    with pytest.raises(InvalidPolicy):
        computed_policy(Computed.ENCRYPT_ONLY, recipients)
