"""What super-user grants and read permissions have in common for readers: their states, and what is due."""

from typing import Final

from protection.models import ApprovalState

STATES: Final = tuple(ApprovalState.values)
WAITS_DAYS: Final = 7
"""After so many days a request that nobody answered lapses: nobody would remember what it was for."""
DUE: Final = (
    "(state = 'active' and ends <= now()) or (state = 'waiting' and asked_at < now() - make_interval(days => {days}))"
)
"""The condition under which a row is to be closed, for a statement over many schemas."""
