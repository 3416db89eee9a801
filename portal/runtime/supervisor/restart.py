"""When a process that ended, or does not answer, is started again."""

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0
STABLE_SECONDS = 15.0
"""A part that has served for this long starts with the shortest pause again."""
_MOST_DOUBLINGS = 10
SILENT_SECONDS = 10.0
"""A part that gives no sign of life for this long is replaced; with the pause before asking, within 15 seconds."""


def pause_after(failures: int) -> float:
    """Return how many seconds to wait before the next start, after so many failures in a row."""
    return min(FIRST_PAUSE * 2.0 ** min(failures, _MOST_DOUBLINGS), LONGEST_PAUSE)
