"""Times of the week at which something opens: what is written, what the clocks of a zone show, when it changes."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from chancery.errors import InvalidPolicy
from chancery.policy.policy import Conditions, parse_policy
from chancery.policy.times import DAYS, MOST_TIMES, _changes, is_open, next_change, parse_times
from chancery.policy.unmet import Condition, condition_ends, unmet_condition
from tests.chancery.policy.world import RITA_AT_WORK

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = parse_times(["mon-fri 08:00-18:00 Europe/Berlin"])


def at(text: str, fold: int = 0) -> int:
    """Return a moment by what the clocks of Berlin show."""
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp())


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("mon-fri 08:00-18:00 Europe/Berlin", "mon-fri 08:00-18:00 Europe/Berlin"),
        ("MON tue Fri 08:00-18:00 UTC", "mon tue fri 08:00-18:00 UTC"),
        ("sat-sun fri 00:00-24:00 UTC", "fri-sun 00:00-24:00 UTC"),
        ("sun-mon 22:00-06:00 UTC", "mon sun 22:00-06:00 UTC"),
        ("wed mon tue 08:00-09:30 Asia/Kathmandu", "mon-wed 08:00-09:30 Asia/Kathmandu"),
    ],
)
def test_times_have_one_form_in_which_they_are_kept(written: str, kept: str) -> None:
    (found,) = parse_times([written])
    assert str(found) == kept
    assert parse_times([kept]) == (found,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "08:00-18:00 UTC",
        "mon 08:00-18:00",
        "mon 8:00-18:00 UTC",
        "mon 08:00-08:00 UTC",
        "mon 24:00-08:00 UTC",
        "mon 08:00-24:01 UTC",
        "mon 08:60-18:00 UTC",
        "montag 08:00-18:00 UTC",
        "mon- 08:00-18:00 UTC",
        "mon 08:00-18:00 Europe/Nowhere",
        "mon 08:00-18:00 ../../etc/passwd",
        "mon 08:00-18:00 Europe",
        "mon 08:00-18:00 /etc/localtime",
    ],
)
def test_what_is_no_time_of_the_week_is_refused(text: str) -> None:
    with pytest.raises(InvalidPolicy):
        parse_policy({"conditions": {"times": [text]}})


@pytest.mark.parametrize(
    ("moment", "opens", "changes"),
    [
        ("2026-11-30T07:59:59", False, "2026-11-30T08:00"),
        ("2026-11-30T08:00", True, "2026-11-30T18:00"),
        ("2026-11-30T17:59:59", True, "2026-11-30T18:00"),
        ("2026-11-30T18:00", False, "2026-12-01T08:00"),
        ("2026-11-27T18:00", False, "2026-11-30T08:00"),
        ("2026-11-29T12:00", False, "2026-11-30T08:00"),
    ],
)
def test_a_time_begins_with_its_first_second_and_ends_before_its_last(
    moment: str, *, opens: bool, changes: str
) -> None:
    assert is_open(OFFICE, at(moment)) is opens
    assert next_change(OFFICE, at(moment)) == at(changes)


def test_a_time_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    nights = parse_times(["fri 22:00-06:00 Europe/Berlin"])
    assert is_open(nights, at("2026-11-28T05:59"))
    assert next_change(nights, at("2026-11-27T23:00")) == at("2026-11-28T06:00")
    for shut in ("2026-11-27T05:00", "2026-11-28T06:00", "2026-11-28T22:00", "2026-11-29T05:00"):
        assert not is_open(nights, at(shut))
    whole = parse_times(["fri 00:00-24:00 Europe/Berlin", "sat 00:00-24:00 Europe/Berlin"])
    assert next_change(whole, at("2026-11-27T10:00")) == at("2026-11-29T00:00"), "two that touch are one"


def test_what_the_clocks_show_counts_where_they_are_put_back_and_forward() -> None:
    assert next_change(OFFICE, at("2026-03-29T12:00")) == at("2026-03-30T08:00")
    night = parse_times(["sun 01:00-02:30 Europe/Berlin"])
    # On 25 October the clocks show the hour from two to three twice.
    assert is_open(night, at("2026-10-25T02:15", fold=0))
    assert is_open(night, at("2026-10-25T02:15", fold=1))
    assert not is_open(night, at("2026-10-25T02:45", fold=0))
    assert next_change(night, at("2026-10-25T02:15", fold=0)) == at("2026-10-25T02:30", fold=0)
    assert next_change(night, at("2026-10-25T02:45", fold=0)) == at("2026-10-25T02:00", fold=1)
    assert next_change(night, at("2026-10-25T02:00", fold=1)) == at("2026-10-25T02:30", fold=1)
    # On 29 March they show three after two: what ends at half past two ends then.
    assert next_change(night, at("2026-03-29T01:30")) == at("2026-03-29T03:00")
    gap = parse_times(["sun 02:10-02:50 Europe/Berlin"])
    assert next_change(gap, at("2026-03-28T12:00")) == at("2026-04-05T02:10")


def test_what_is_always_open_never_changes() -> None:
    assert is_open((), at("2026-11-30T08:00"))
    assert next_change((), at("2026-11-30T08:00")) is None
    always = parse_times(["mon-sun 00:00-24:00 UTC"])
    assert next_change(always, at("2026-11-30T08:00")) is None


def test_who_comes_at_another_time_reads_when_it_opens_again() -> None:
    person = RITA_AT_WORK
    unmet = unmet_condition(Conditions(times=OFFICE), person, at("2026-11-28T12:00"))
    assert unmet is not None
    assert unmet.condition is Condition.TIMES
    assert "2026-11-30 08:00 Europe/Berlin" in unmet.text
    assert type(unmet).from_json(unmet.as_json()) == unmet
    assert unmet_condition(Conditions(times=OFFICE), person, at("2026-11-30T12:00")) is None


ZONES = (
    *("Europe/Berlin", "UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca"),
    *("America/St_Johns", "Pacific/Apia", "Asia/Tokyo", "Europe/London"),
)
MOST = [
    f"{DAYS[number % 7]} {number:02}:{number * 2:02}-{(number + 5) % 24:02}:30 {ZONES[number % len(ZONES)]}"
    for number in range(MOST_TIMES)
]


def test_a_policy_names_only_so_many_different_times() -> None:
    assert len(parse_policy({"conditions": {"times": MOST * 3}}).conditions.times) == MOST_TIMES, "twice is once"
    with pytest.raises(InvalidPolicy, match="At most") as refused:
        parse_policy({"conditions": {"times": [*MOST, "mon 00:00-00:01 UTC"]}})
    assert "several days" in refused.value.next_step


@pytest.mark.parametrize("beginning", ["2026-03-26T00:00", "2026-10-22T13:17", "2026-07-01T09:30"])
@pytest.mark.parametrize("number", [1, 3, MOST_TIMES])
def test_what_is_said_of_the_next_change_is_what_is_open_minute_by_minute(number: int, beginning: str) -> None:
    times, now = parse_times(MOST[:number]), at(beginning)
    for _ in range(6):
        changes = next_change(times, now)
        assert changes is not None
        assert {is_open(times, moment) for moment in range(now, changes, 600)} == {is_open(times, now)}
        assert is_open(times, changes - 1) is is_open(times, now)
        assert is_open(times, changes) is not is_open(times, now)
        now = changes


def test_a_batch_of_openings_works_the_changes_of_a_day_out_once() -> None:
    document = {
        "strength": "code",
        "networks": ["192.0.2.0/24"],
        "times": MOST,
        "platforms": ["linux", "windows"],
        "not_before": 0,
        "not_after": at("2030-01-01T00:00"),
        "post_quantum": True,
        "account_required": True,
        "enforced": ["PRINT"],
    }
    conditions = parse_policy({"conditions": document}).conditions
    assert set(conditions.as_json()) == set(document), "all conditions there are"
    _changes.cache_clear()
    morning = at("2026-11-30T08:00")
    for second in range(1000):
        unmet_condition(conditions, RITA_AT_WORK, morning + second)
        assert list(condition_ends(conditions, morning + second))
    assert _changes.cache_info().misses == 1
