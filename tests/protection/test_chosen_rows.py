"""Acts on several rows of a list: asked about once, done for each by itself, answered for each."""

import io
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest

from audit.selectors.events import Filter, events
from chancery.sdk.errors import Refused
from chancery.sdk.options import ProtectOptions
from tenants.context import in_organization
from tenants.directory.models import Device, Membership
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.portal.identity.browser import Browser

CONTOSO = "contoso.localhost:8000"
Protects = Callable[..., UUID]


@pytest.fixture
def protects(cast: Cast) -> Protects:
    """Return what protects a file as somebody."""

    def protect(player: Player, name: str, grant: str = "rita@fabrikam.example:VIEW") -> UUID:
        file = cast.folder / name
        file.write_text("text", encoding="utf-8")
        return UUID(str(player.session.protect(file, ProtectOptions(grants=(grant,))).cid))

    return protect


def browser(cast: Cast, player: Player, host: str = CONTOSO) -> Browser:
    return Site(cast, {}).browser(host, player, keep=False)


def press(who: Browser, path: str, act: str, chosen: Sequence[object], **more: str) -> str:
    """Send the form of a list and return the page that answers."""
    answer = who.post(path, {"act": act, "chosen": [str(one) for one in chosen], **more}, follow=True)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def asked(page: str) -> str:
    """Return what a question wants to be confirmed with."""
    found = re.search(r'name="confirm" value="([^"]*)"', page)
    assert found is not None, page
    return found[1]


def outcomes(page: str) -> list[str]:
    """Return what became of each row."""
    return re.findall(r'class="state">\s*<span class="badge[^"]*">([^<]*)<', page)


def revocations(cast: Cast, *cids: UUID) -> list[UUID]:
    """Return which of these documents have an event that they were taken back, once for each event."""
    with in_organization(cast.organizations["contoso"].id):
        found = events(filter=Filter(kinds=("content.revoked",))).events
    return [one.content_id for one in found if one.content_id in cids]


def test_documents_are_asked_about_once_and_answered_one_by_one(cast: Cast, protects: Protects) -> None:
    mine = [protects(cast.olga, f"Offer {number}.txt") for number in range(2)]
    hers = protects(cast.ada, "Budget.txt")
    olga = browser(cast, cast.olga)
    question = press(olga, "/documents/chosen/", "revoke", [*mine, hers])
    assert "Take access to 2 documents back from everybody?" in question
    assert "Offer 0.txt, Offer 1.txt" in question
    assert "1 of those that were chosen stays as it is" in question
    assert revocations(cast, *mine, hers) == [], "nothing is done before the answer"
    assert "Budget" not in question, "of documents of others nothing is said"
    assert asked(question) == "2"
    assert 'id="reason"' in question
    sent = {"act": "revoke", "chosen": [str(one) for one in (*mine, hers)], "confirm": "2", "reason": "Sold"}
    answer = olga.post("/documents/chosen/", sent)
    assert answer.status_code == 302, "loading the page again sends nothing again"
    done = re.sub(r"\s+", " ", olga.get(answer["Location"]).content.decode())
    assert "Access to 2 documents is taken back." in done
    assert outcomes(done) == ["Done", "Done", "Refused"]
    assert sorted(revocations(cast, *mine, hers), key=str) == sorted(mine, key=str), "each has an event of its own"
    with in_organization(cast.organizations["contoso"].id):
        assert [one.details["note"] for one in events(filter=Filter(content_id=mine[0])).events[:1]] == ["Sold"]
    again = press(olga, "/documents/chosen/", "revoke", mine)
    assert outcomes(again) == ["Unchanged", "Unchanged"], "what would change nothing is not asked about"
    back = press(olga, "/documents/chosen/", "restore", [*mine, hers])
    assert outcomes(back) == ["Done", "Done", "Refused"]


def test_an_answer_to_another_number_of_documents_is_asked_again(cast: Cast, protects: Protects) -> None:
    mine = [protects(cast.olga, f"Plan {number}.txt") for number in range(2)]
    olga = browser(cast, cast.olga)
    press(olga, "/documents/chosen/", "revoke", mine[:1], confirm="1")
    question = press(olga, "/documents/chosen/", "revoke", mine, confirm="2")
    assert asked(question) == "1"
    assert revocations(cast, *mine) == mine[:1]


def test_nothing_chosen_does_nothing(cast: Cast) -> None:
    assert "Choose at least one row first." in press(browser(cast, cast.olga), "/documents/chosen/", "revoke", [])


def test_people_are_disabled_with_one_reason_and_one_refusal_spoils_nothing(cast: Cast) -> None:
    nina, jonas = cast.join("nina", "contoso").id, cast.join("jonas", "contoso").id
    ada, people = browser(cast, cast.ada), [nina, cast.ada.id, jonas]
    question = press(ada, "/people/chosen/", "disable", people)
    assert "Disable 2 people?" in question, "the last administrator stays"
    without = press(ada, "/people/chosen/", "disable", people, confirm=asked(question))
    assert "Say why" in without
    done = press(ada, "/people/chosen/", "disable", people, confirm="2", reason="They left")
    assert outcomes(done) == ["Done", "Refused", "Done"]
    disabled = Membership.objects.of_installation().filter(disabled=True).values_list("person_id", flat=True)
    assert set(disabled) == {nina, jonas}
    assert outcomes(press(ada, "/people/chosen/", "enable", people)) == ["Done", "Unchanged", "Done"]


def test_a_member_cannot_reach_the_people(cast: Cast) -> None:
    form = {"act": "disable", "chosen": [str(cast.ada.id)]}
    assert browser(cast, cast.max).post("/people/chosen/", form).status_code == 404


def _ask(cast: Cast, player: Player, cid: UUID) -> str:
    with suppress(Refused):
        player.session.open_stream(next(cast.folder.glob("Secret*.sealed")), io.BytesIO())
    place = player.session.own_organization()
    answer: dict[str, Any] = place.call("POST", f"/api/v1/documents/{cid}/access-requests", {"level": "viewer"})
    return str(answer["id"])


def test_requests_are_granted_or_declined_together(cast: Cast, protects: Protects) -> None:
    cid = protects(cast.olga, "Secret.txt")
    first = _ask(cast, cast.max, cid)
    olga = browser(cast, cast.olga)
    question = press(olga, "/requests/chosen/", "grant", [first], days="7")
    assert "Grant 1 request?" in question
    assert "max@contoso.example" in question
    assert "Their access ends on" in question
    assert outcomes(press(olga, "/requests/chosen/", "grant", [first], days="7", confirm="1")) == ["Done"]
    assert outcomes(press(olga, "/requests/chosen/", "decline", [first])) == ["Refused"]


def test_devices_are_revoked_together(cast: Cast) -> None:
    phone = cast.enroll("phone", cast.olga.id, cast.olga.address).session.account.device
    tablet = cast.enroll("tablet", cast.olga.id, cast.olga.address).session.account.device
    other = cast.max.session.account.device
    olga = browser(cast, cast.olga, "localhost:8000")
    question = press(olga, "/devices/chosen/", "revoke", [phone, tablet, other])
    assert "Revoke 2 devices?" in question
    done = press(olga, "/devices/chosen/", "revoke", [phone, tablet, other], confirm="2")
    assert outcomes(done) == ["Done", "Done", "Refused"]
    revoked = set(Device.objects.filter(revoked_at__isnull=False).values_list("id", flat=True))
    assert revoked == {UUID(str(phone)), UUID(str(tablet))}
