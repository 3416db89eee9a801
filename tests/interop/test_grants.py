"""Policies and lines of grants mean the same to both implementations, however they are damaged."""

import json
import os
import shutil
import subprocess
from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.forms import ValidationError
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from chancery.errors import InvalidPolicy
from chancery.policy.days import LAST_MOMENT, end_of, last_day_before
from chancery.policy.policy import Grant, parse_policy
from portal.web.grant_lines import line_of, read_lines
from tests.chancery.policy import world
from tests.interop.test_reader import INSTALL

RUNNER = Path(__file__).parent / "grants.mjs"
ODD: list[Any] = [
    None,
    True,
    False,
    -2,
    -1,
    0,
    1,
    60,
    65_535,
    65_536,
    LAST_MOMENT,
    LAST_MOMENT + 1,
    1.5,
    "",
    "VIEW",
    "x" * 321,
    [],
    {},
]
PIECES = [
    " until ", " until", "until ", "2098-12-31", "2098-02-30", "98-1-1", ":", ": ", " ", ",", "VIEW", "viewer",
    "everybody", "authenticated", "domain:rival.example", "rita@fabrikam.example", "organization:", "\u00a0", "FLY",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """Return a policy in JSON of which one part is replaced, removed or added."""
    policy = deepcopy(draw(world.policies).as_json())
    place: Any = policy
    for part in draw(st.sampled_from([(), ("conditions",), ("grants", 0)])):
        if part == 0 and not place:
            return policy
        place = place[part]
    name = draw(st.sampled_from([*place, "until", "ends"]))
    if draw(st.booleans()):
        place[name] = draw(st.sampled_from(ODD))
    else:
        place.pop(name, None)
    # Which texts are names and networks of the real world, the service alone decides.
    if any(
        isinstance(value, str) and value not in {"", "x" * 321} for value in (place.get("who"), place.get("networks"))
    ):
        place["who" if "who" in place else "networks"] = "authenticated" if "who" in place else []
    return policy


lines = st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join)
shown = world.grants.filter(lambda grant: grant.until is None or grant.until > world.NOW)


def asked(zone: str = "UTC", **about: Any) -> dict[str, list[Any]]:
    """Return what the JavaScript implementation makes of policies, lines or days, in a time zone."""
    node = shutil.which("node")
    assert node is not None, INSTALL
    done = subprocess.run(
        [node, str(RUNNER)],
        input=json.dumps(about),
        env={**os.environ, "TZ": zone},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout, done.stderr
    return dict(json.loads(done.stdout))


def is_read(policy: Any) -> bool:
    try:
        parse_policy(policy)
    except InvalidPolicy:
        return False
    return True


def meant(line: str, organization: UUID = world.CONTOSO) -> tuple[Grant, ...] | None:
    try:
        return read_lines(line, organization)
    except ValidationError:
        return None


# Making a failure smaller would start Node hundreds of times.
@settings(max_examples=4, deadline=None, phases=[Phase.generate])
@given(
    st.lists(damaged(), min_size=60, max_size=60),
    st.lists(lines, min_size=60, max_size=60),
    st.lists(shown, min_size=20),
)
def test_both_read_and_refuse_the_same(policies: list[Any], texts: list[str], grants: list[Grant]) -> None:
    written = [line_of(grant, world.CONTOSO) for grant in grants]
    found = asked(policies=policies, lines=[*texts, *written], organization=str(world.CONTOSO))
    assert found["policies"] == [is_read(policy) for policy in policies]
    for text, again in zip(texts, found["lines"], strict=False):
        # A line that the page cannot take apart stays text; any other one means the same as before.
        assert again is None or meant(again) == meant(text), text
    assert found["lines"][len(texts) :] == written


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Santiago", "Pacific/Kiritimati"])
def test_a_day_ends_at_the_same_moment_for_both(zone: str) -> None:
    """Where clocks change at midnight, as in Santiago, a day may end at one o'clock."""
    days = [date(2027, 1, 1) + timedelta(days=number) for number in range(400)]
    found = asked(zone, days=[str(day) for day in days])
    assert found["ends"] == [end_of(day, ZoneInfo(zone)) for day in days]
    assert (
        found["last"]
        == [str(last_day_before(end, ZoneInfo(zone))) for end in found["ends"]]
        == [str(day) for day in days]
    )
