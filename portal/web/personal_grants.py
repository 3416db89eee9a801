"""What people were given on a document beside its policy, as pages show it."""

from uuid import UUID

from portal import clock
from portal.web.framework import moment_of
from portal.words.policies import rights_as_level
from protection.selectors.requests import given_on


def given_beside(cid: UUID) -> list[dict[str, object]]:
    """Return what people were given beside the policy, and whether it still counts."""
    now = clock.now()
    return [
        {
            "one": one,
            "meaning": rights_as_level(one.rights),
            "until": moment_of(one.until),
            "ended": one.until is not None and one.until <= now,
            "taken": one.taken,
        }
        for one in given_on(cid)
    ]
