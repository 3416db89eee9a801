"""What a policy's form keeps, what it refuses, and what it never drops without a word."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from django.http import QueryDict

from chancery.policy.policy import Conditions, Enforcement, Grant, Policy, Principal, PrincipalKind, Strength
from chancery.policy.rights import ALL_RIGHTS, Right
from portal.web.policies import PolicyForm, policy_initial
from portal.web.requests import GrantForm
from portal.web.template_form import TemplateForm
from protection.selectors.blockers import Blockers

CONTOSO = UUID(int=7)
EVERYBODY = Principal(PrincipalKind.ORGANIZATION, str(CONTOSO))
# The set of the default template "Confidential": OWNER implies what is missing, so it is shown as a level.
CONFIDENTIAL = Policy(grants=(Grant(EVERYBODY, ALL_RIGHTS - {Right.COMMENT}),))
# Not at midnight, as the API can set it.
EXPIRES = 1_798_675_217
EVERY_CONDITION = Conditions(
    strength=Strength.PASSKEY,
    networks=("192.0.2.0/24", "2001:db8::/32"),
    platforms=frozenset({"linux", "phone"}),
    not_before=EXPIRES - 10_000,
    not_after=EXPIRES,
    post_quantum=True,
    account_required=True,
    enforced=frozenset({Right.PRINT, Right.EXTRACT}),
)


def saved(stored: Policy, **changed: str) -> Policy:
    """Return what saving the form of a stored policy makes of it."""
    shown = PolicyForm(organization=CONTOSO, stored=stored, initial=policy_initial(stored, CONTOSO))
    posted = QueryDict(mutable=True)
    for field in shown:
        value = "on" if field.value() is True else field.field.widget.format_value(field.value())
        value = changed.get(field.name, value)
        posted.setlist(field.name, value if isinstance(value, list) else [str(value)] if value else [])
    form = PolicyForm(posted, organization=CONTOSO, stored=stored)
    assert form.is_valid(), form.errors
    return form.policy()


def test_a_policy_saved_unchanged_is_the_same_policy() -> None:
    for stored in (
        CONFIDENTIAL,
        replace(CONFIDENTIAL, expires=EXPIRES, offline_days=3),
        replace(CONFIDENTIAL, lease=3600, conditions=Conditions(strength=Strength.MFA)),
        replace(CONFIDENTIAL, lease=1234, expires_after_opening_days=7, conditions=EVERY_CONDITION),
        replace(CONFIDENTIAL, enforcement=Enforcement.VIEWER, watermark=True),
    ):
        assert saved(stored) == stored


def test_a_line_that_was_changed_means_what_it_says() -> None:
    assert policy_initial(CONFIDENTIAL, CONTOSO)["grants"] == "everybody: co-owner"
    changed = saved(CONFIDENTIAL, grants="everybody: viewer\nrita@fabrikam.example: co-owner")
    assert [grant.rights == ALL_RIGHTS for grant in changed.grants] == [False, True]
    assert Right.PRINT not in changed.grants[0].rights


def test_another_day_ends_at_its_midnight() -> None:
    assert saved(replace(CONFIDENTIAL, expires=EXPIRES), expires="2027-01-01").expires == 1_798_848_000


@pytest.mark.parametrize("day", ["9999-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_the_calendar_is_an_error_of_its_field(day: str) -> None:
    policy = PolicyForm(
        {"expires": day, "not_before": f"{day}T10:00", "not_after": f"{day}T23:59"}, organization=CONTOSO
    )
    assert set(policy.errors) == {"expires", "not_before", "not_after"}
    assert "before the year 9999" in str(policy.errors["expires"][0])
    template = TemplateForm({"name": "Plans", "expiry_option": "on_date", "expires": day}, organization=CONTOSO)
    assert set(template.errors) == {"expires"}
    grant = GrantForm({"level": "viewer", "ends": "date", "day": day}, needed=Blockers())
    assert set(grant.errors) == {"day"}


@pytest.mark.parametrize("option", ["on_date", "after_days"])
def test_a_wrong_end_has_one_error_and_is_not_also_called_missing(option: str) -> None:
    wrong = {"expires": "2020-01-01"} if option == "on_date" else {"expires_after_days": "0"}
    form = TemplateForm({"name": "Plans", "expiry_option": option, **wrong}, organization=CONTOSO)
    assert {field: len(errors) for field, errors in form.errors.items()} == dict.fromkeys(wrong, 1)


def test_the_last_day_that_can_be_named_is_kept() -> None:
    kept = saved(CONFIDENTIAL, expires="9998-12-31")
    assert policy_initial(kept, CONTOSO)["expires"] == date(9998, 12, 31)


@pytest.mark.parametrize(
    ("option", "value", "field", "words"),
    [
        ("never", {"expires_after_days": "5"}, "expires_after_days", "You gave 5 days, but access never ends."),
        ("on_date", {"expires_after_days": "1", "expires": "2027-01-01"}, "expires_after_days", "You gave 1 day, but"),
        ("never", {"expires": "2027-01-01"}, "expires", "You gave a date, but access never ends."),
        ("after_days", {"expires_after_days": "5", "expires": "2027-01-01"}, "expires", "You gave a date, but"),
    ],
)
def test_an_end_that_the_rule_does_not_use_is_refused(
    option: str, value: dict[str, str], field: str, words: str
) -> None:
    form = TemplateForm({"name": "Plans", "expiry_option": option, **value}, organization=CONTOSO)
    assert not form.is_valid()
    assert set(form.errors) == {field}
    assert str(form.errors[field][0]).startswith(words)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"not_before": "0001-01-01T00:00"}, "not_before"),
        ({"not_after": "0026-01-01T00:00"}, "not_after"),
        ({"not_before": "2030-01-01T00:00", "not_after": "2029-01-01T00:00"}, "not_after"),
        ({"expires": "1900-01-01"}, "expires"),
        ({"grants": "foo@@bar: viewer"}, "grants"),
    ],
)
def test_what_no_policy_can_mean_is_refused_beside_its_field(changed: dict[str, str], field: str) -> None:
    form = PolicyForm({"grants": "everybody: viewer", **changed}, organization=CONTOSO)
    assert field in form.errors
