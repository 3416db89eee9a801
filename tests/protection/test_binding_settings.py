"""Conditions that an organization sets for every opening: how people signed in, from which network, on which device."""

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from chancery.policy.policy import Conditions
from chancery.policy.times import DAYS, parse_times
from chancery.sdk.errors import Unreachable
from protection.models import ServiceSettings
from tenants.context import in_organization
from tests.cast import Cast
from tests.isolation.endpoints import Site
from tests.protection.steps import RITA, call, confirmed, ledger, opening, problem, protect, refusal, rights


def hours_from_now(begins: int, ends: int) -> str:
    """Return a time of the week by hours from now on the clocks of UTC, over midnight and the week's end maybe."""
    first, last = (timezone.now() + timedelta(hours=number) for number in (begins, ends))
    return f"{DAYS[first.weekday()]} {first:%H}:00-{last:%H}:00 UTC"


@pytest.fixture(autouse=True)
def _unbound(cast: Cast) -> Iterator[None]:
    yield
    for slug in ("contoso", "fabrikam"):
        with in_organization(cast.organizations[slug].id):
            ServiceSettings.objects.update(conditions={}, platforms_off=[])


def change(cast: Cast, **members: Any) -> dict[str, Any]:
    answer = confirmed(cast.ada, "contoso", "PATCH", "settings", members)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


@pytest.mark.parametrize(
    ("members", "reason", "step"),
    [
        ({"strength": "passkey"}, "organization_condition", "Sign in with"),
        ({"networks": ["192.0.2.0/24", "2001:db8::/32"]}, "organization_condition", "192.0.2.0/24"),
        ({"platforms_off": ["linux", "darwin", "windows"]}, "platform_off", "kind of device"),
        ({"times": [hours_from_now(2, 4)]}, "organization_condition", "Open it again from"),
    ],
)
def test_what_binds_every_opening_binds_the_owner_too(
    cast: Cast, plan: Path, members: dict[str, Any], reason: str, step: str
) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    assert "VIEW" in rights(cast.olga, sealed.path)
    made = change(cast, **members)
    assert {name: made[name] for name in members} == {
        name: sorted(value) if name == "platforms_off" else value for name, value in members.items()
    }
    for player in (cast.olga, cast.rita):
        # What the owner's device keeps of its own document ends with the feed.
        player.session.organization(cast.organizations["contoso"].id).feed(newest=True)
        refused = refusal(player, sealed.path)
        assert refused.reason == reason
        assert step in f"{refused} {refused.remedy}"
    (event,) = ledger(cast, "contoso", "settings.changed")[:1]
    assert event.details["settings"].keys() == members.keys()
    back = {name: "" if name == "strength" else [] for name in members}
    assert call(cast.ada, "contoso", "PATCH", "settings", back).json()["changed"], "what loosens is not asked"
    assert "VIEW" in rights(cast.rita, sealed.path)


def test_the_question_says_who_would_be_shut_out_oneself_included(cast: Cast) -> None:
    wanted = {"strength": "passkey", "networks": ["192.0.2.0/24"], "platforms_off": ["linux"]}
    asked = problem(call(cast.ada, "contoso", "PATCH", "settings", wanted), 409, "confirmation_required")
    said = " ".join(asked["consequences"])
    assert "You are at 127.0.0.1 now" in said
    assert "until you sign in that way" in said
    assert "active devices of your people open nothing" in said
    inside = {"networks": ["127.0.0.0/8"]}
    asked = problem(call(cast.ada, "contoso", "PATCH", "settings", inside), 409, "confirmation_required")
    assert "You are at" not in " ".join(asked["consequences"])
    assert call(cast.ada, "contoso", "GET", "settings").json()["networks"] == [], "nothing has happened"


def test_kept_licenses_end_when_a_condition_gets_stricter_and_only_then(cast: Cast, plan: Path) -> None:
    fabrikam = cast.organizations["fabrikam"].id
    chief = cast.join(f"p{uuid4().hex[:6]}", "fabrikam", role="global_administrator")
    reader = cast.join(f"p{uuid4().hex[:6]}", "fabrikam")
    sealed = protect(cast.rita, plan, f"{reader.address}:VIEW", offline_days=3)
    with in_organization(fabrikam):
        ServiceSettings.objects.update(conditions={"networks": ["127.0.0.0/8"]})
    rights(reader, sealed.path)
    place = reader.session.organization(fabrikam)
    wider = {"networks": ["127.0.0.0/8", "192.0.2.0/24"]}
    assert call(chief, "fabrikam", "PATCH", "settings", wider).json()["changed"]
    place.feed(newest=True)
    reader.offline().open_stream(sealed.path, io.BytesIO())
    assert confirmed(chief, "fabrikam", "PATCH", "settings", {"networks": ["192.0.2.0/24"]}).json()["changed"]
    place.feed(newest=True)
    with pytest.raises(Unreachable):
        reader.offline().open_stream(sealed.path, io.BytesIO())


def test_a_license_ends_with_its_time_of_the_week_at_the_latest_and_is_refused_at_others(
    cast: Cast, plan: Path
) -> None:
    open_now, shut_now = hours_from_now(0, 3), hours_from_now(2, 4)
    sealed = protect(
        cast.olga, plan, f"{RITA}:VIEW", offline_days=3, conditions=Conditions(times=parse_times([open_now]))
    )
    ends = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=3)
    assert opening(cast.rita, sealed.path).offline_until == int(ends.timestamp())
    shut = protect(
        cast.olga, plan, f"{RITA}:VIEW", offline_days=3, conditions=Conditions(times=parse_times([shut_now]))
    )
    refused = refusal(cast.rita, shut.path)
    assert refused.reason == "condition_unmet"
    assert f"{timezone.now() + timedelta(hours=2):%Y-%m-%d %H:00} UTC" in f"{refused} {refused.remedy}"
    assert "VIEW" in rights(cast.olga, shut.path), "a policy does not bind the owner"
    change(cast, times=[open_now])
    assert opening(cast.olga, sealed.path).offline_until <= int(ends.timestamp())
    asked = problem(call(cast.ada, "contoso", "PATCH", "settings", {"times": [shut_now]}), 409, "confirmation_required")
    assert any("Now is none of these times" in one for one in asked["consequences"])


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"networks": ["192.0.2.0/33"]}, "192.0.2.0/33"),
        ({"networks": ["192.0.2.1/24"]}, "192.0.2.1/24"),
        ({"networks": [f"10.0.{number}.0/24" for number in range(201)]}, "200"),
        ({"platforms_off": ["toaster"]}, "toaster"),
        ({"times": ["montag 08:00-18:00 UTC"]}, "montag"),
        ({"times": ["mon 08:00-18:00 UTC", *(f"tue 00:{number:02}-24:00 UTC" for number in range(20))]}, "20"),
    ],
)
def test_what_is_no_network_and_no_platform_is_named(cast: Cast, members: dict[str, Any], named: str) -> None:
    found = problem(call(cast.ada, "contoso", "PATCH", "settings", members), 400, "invalid_policy")
    assert named in found["detail"]


def test_the_page_of_settings_sets_them_too(cast: Cast) -> None:
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    with in_organization(cast.organizations["contoso"].id):
        row = ServiceSettings.objects.get()
    form = {
        "contact": row.contact,
        "alarm_address": row.alarm_address,
        "max_license_days": row.max_license_days,
        "lease_seconds": row.lease_seconds or 0,
        "suite": row.suite,
        "registration_days": row.registration_days,
        "keep_titles": row.keep_titles,
        "tracking": row.tracking,
        "untracked_group": "",
        "strength": "mfa",
        "networks": "127.0.0.0/8\n192.0.2.0/24",
        "platforms_off": ["browser", "windows"],
    }
    asked = browser.post("/settings/", form).content.decode()
    assert "Bind every opening by this?" in asked
    browser.post("/settings/", {**form, "confirm": "yes"})
    with in_organization(cast.organizations["contoso"].id):
        kept = ServiceSettings.objects.get()
    assert kept.conditions == {"strength": "mfa", "networks": ["127.0.0.0/8", "192.0.2.0/24"]}
    assert kept.platforms_off == ["browser", "windows"]
    assert "127.0.0.0/8" in browser.get("/settings/").content.decode()
