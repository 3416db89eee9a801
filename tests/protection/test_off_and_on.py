"""After the service was off and is on again, documents open at once; what was licensed before stays invalid.

See docs/protocol.md P24.
"""

from pathlib import Path
from typing import Any

import pytest

from chancery.sdk import organization
from chancery.sdk.licenses import Licenses
from tests.cast import Cast
from tests.protection.steps import RITA, call, confirmed, ledger, opening, protect


def off_and_on(cast: Cast) -> None:
    assert confirmed(cast.ada, "contoso", "POST", "service/deactivate").status_code == 200
    assert call(cast.ada, "contoso", "POST", "service/activate", {}).status_code == 200


def test_an_opening_right_after_off_and_on_waits_for_nothing(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    opening(cast.rita, sealed.path)
    off_and_on(cast)
    monkeypatch.setattr(organization.time, "sleep", lambda _: pytest.fail("it waited"))
    cast.rita.session.service.feeds_asked.clear()  # As the next command does.
    opening(cast.rita, sealed.path)
    assert len(ledger(cast, "contoso", "content.opened", cid=sealed.cid)) == 2, "and one opening is one event"


def test_a_license_that_was_decided_before_stays_dead(cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is decided, then the service is switched off and on, and only then it arrives: as if it had been held up."""
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=7)
    held_up: list[Any] = []
    ask = Licenses._ask

    def slowly(*arguments: Any) -> Any:
        answer = ask(*arguments)
        if not held_up:
            off_and_on(cast)
            cast.rita.session.service.feeds_asked.clear()
        held_up.append(answer)
        return answer

    monkeypatch.setattr(Licenses, "_ask", slowly)
    monkeypatch.setattr(organization.time, "sleep", lambda _: None)
    opening(cast.rita, sealed.path)
    assert len(held_up) == 2, "the first license was not used, the second one was decided afterwards"
