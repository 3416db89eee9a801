"""Acts that ask first ask on every way: another spelling, a preview, a name that is empty."""

from urllib.parse import quote
from uuid import uuid4

import pytest

from portal.usecases.confirmation import ConfirmationPrompt, ConfirmationRequired, Stated, require_confirmation
from tenants.directory.selectors.domains import domains_in
from tenants.directory.services.claim_domain import claim_domain
from tests.cast import ACTOR, Cast
from tests.protection.steps import call, confirmed, problem
from tests.protection.test_previews import preview


@pytest.mark.parametrize(
    ("letters", "spelled"),
    [("", ""), (".example", ".example."), (".", "\u3002"), ("d", "\uff44"), ("exa", "exa\u00ad")],
)
def test_a_domain_in_any_spelling_is_given_up_only_when_that_is_confirmed(
    cast: Cast, letters: str, spelled: str
) -> None:
    contoso, domain = cast.organizations["contoso"].id, f"d{uuid4().hex[:8]}.example"
    claim_domain(organization_id=contoso, domain=domain, actor=ACTOR)
    path = f"domains/{quote(domain.replace(letters, spelled, 1))}/release"
    asked = problem(call(cast.ada, "contoso", "POST", path, {}), 409, "confirmation_required")
    assert asked["confirm"] == domain
    assert domain in {one.domain for one in domains_in(contoso)}
    assert confirmed(cast.ada, "contoso", "POST", path).status_code == 200


def test_a_preview_that_makes_an_administrator_and_disables_them_asks_about_both(cast: Cast) -> None:
    """Enabling asks nothing, so an administrator could be made with the question about disabling alone."""
    person = cast.join(f"p{uuid4().hex[:6]}", "contoso")
    change = {"role": "global_administrator", "disabled": True, "reason": "x"}
    path = f"previews/{preview(cast, 'person', person.id, change)['id']}/save"
    asked = problem(call(cast.ada, "contoso", "POST", path, {}), 409, "confirmation_required")
    assert "an administrator?" in asked["detail"]


def test_what_has_no_name_is_confirmed_by_a_word() -> None:
    prompt = ConfirmationPrompt(question="Do it?", consequences=(), button="Do it", confirm=" ")
    with pytest.raises(ConfirmationRequired):
        require_confirmation(prompt, Stated("", "", None))
    assert require_confirmation(prompt, Stated("yes", "", None)) == ""
