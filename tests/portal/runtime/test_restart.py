"""The pauses before a process is started again."""

from portal.runtime.supervisor.restart import FIRST_PAUSE, LONGEST_PAUSE, pause_after


def test_pauses_double_up_to_the_longest_one() -> None:
    assert [pause_after(failures) for failures in range(3)] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pause_after(7) == LONGEST_PAUSE


def test_a_part_that_has_failed_for_days_is_still_started_again() -> None:
    """Two to the power of 1,024 is no floating-point number any more."""
    assert pause_after(100_000) == LONGEST_PAUSE
