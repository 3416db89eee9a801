"""What becomes of a protection under another label: the table of Azure Rights Management, line by line."""

import itertools

import pytest

from chancery.policy.labels import OUTCOMES, Effect, Existing, Outcome, lowers

TABLE = {
    Existing.POLICY: (Outcome.KEPT, Outcome.REPLACED, Outcome.REMOVED),
    Existing.TEMPLATE: (Outcome.KEPT, Outcome.REPLACED, Outcome.REMOVED),
    Existing.LABEL: (Outcome.REMOVED, Outcome.REPLACED, Outcome.REMOVED),
}
"""Without encryption, with encryption, remove: the columns of the model's table."""


@pytest.mark.parametrize("existing", Existing)
def test_a_label_keeps_replaces_or_removes_as_the_table_says(existing: Existing) -> None:
    found = tuple(OUTCOMES[existing][effect] for effect in (Effect.NONE, Effect.PROTECT, Effect.REMOVE))
    assert found == TABLE[existing]


def test_a_removal_always_lowers() -> None:
    assert all(lowers(before, after, Outcome.REMOVED) for before, after in itertools.product((None, 0, 9), (0, 9)))


def test_else_only_a_less_sensitive_label_lowers() -> None:
    for outcome in (Outcome.KEPT, Outcome.REPLACED):
        assert lowers(20, 10, outcome)
        assert not lowers(20, 20, outcome)
        assert not lowers(10, 20, outcome)
        assert not lowers(None, 0, outcome)
