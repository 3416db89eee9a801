"""A request that somebody recorded and sends again does nothing twice, and a stranger fills no record."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest

from audit.selectors.unauthenticated import unauthenticated_requests_of_a_day
from audit.services import count_unauthenticated, hourly_count
from portal.identity.proof import RECORDED_AN_HOUR
from portal.words.events import shown_events
from tenants.context import in_organization
from tenants.directory.models import Person
from tenants.directory.services.prove_address import prove_address
from tests.cast import ACTOR, BASE, Cast
from tests.protection.steps import MAX, call, ledger, objects, origin_of, proof_for, protect, send, token_of

ONE, BATCH, PUBLICATIONS = "/api/v1/licenses", "/api/v1/licenses/batch", "/api/v1/publications"


@pytest.fixture
def counted(cast: Cast) -> Callable[[str], int]:
    """Return a function that counts events of a kind at Contoso."""
    return lambda kind: len(ledger(cast, "contoso", kind))


def sent(cast: Cast, path: str, body: Mapping[str, object], times: int) -> list[int]:
    """Send one request of Olga's several times, byte for byte, and return how it was answered."""
    origin, token = origin_of("contoso"), token_of(cast.olga, "contoso")
    proof = proof_for(cast.olga, "POST", origin + path, token, json.dumps(body).encode())
    return [send(cast.olga, origin, "POST", path, body, proof=proof).status_code for _ in range(times)]


@pytest.mark.parametrize("path", [ONE, BATCH])
def test_a_license_is_given_once_for_one_request(
    cast: Cast, plan: Path, counted: Callable[[str], int], path: str
) -> None:
    both: dict[str, object] = {**objects(protect(cast.olga, plan, f"{MAX}:VIEW").path)}
    before = counted("content.opened")
    assert sent(cast, path, both if path == ONE else {"items": [both]}, 3) == [200, 422, 422]
    assert counted("content.opened") == before + 1


def test_a_publication_sent_again_makes_no_second_document(cast: Cast, counted: Callable[[str], int]) -> None:
    published, refused = counted("content.published"), counted("proof.refused")
    body = {"policy": {"grants": [{"who": MAX, "rights": ["VIEW"]}]}, "title": "replayed"}
    first, second = sent(cast, PUBLICATIONS, body, 2)
    assert first in {200, 201}
    assert second == 422
    assert counted("content.published") == published + 1
    assert counted("proof.refused") == refused + 1


def test_a_certificate_is_renewed_once_for_one_request(cast: Cast) -> None:
    path = f"/api/v1/devices/{cast.olga.session.account.device}/certificate"
    token = cast.olga.session.service._tokens.for_origin(cast.olga.session.account, BASE)
    proof = proof_for(cast.olga, "POST", BASE + path, token, b"{}")
    answers = [send(cast.olga, BASE, "POST", path, {}, token=token, proof=proof) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 422]


def test_a_stranger_s_refusals_are_counted_and_fill_no_record(cast: Cast, counted: Callable[[str], int]) -> None:
    person = Person.objects.create(email="stranger@elsewhere.example")
    prove_address(person_id=person.id, address=person.email, actor=ACTOR)
    stranger = cast.enroll("stranger", UUID(str(person.id)), person.email)
    before = counted("proof.refused")
    for _ in range(20):
        assert call(stranger, "contoso", "POST", "licenses", {}, proof="").status_code == 422
    assert counted("proof.refused") == before


def test_a_member_s_refusals_are_recorded_at_first_and_then_counted(
    cast: Cast, counted: Callable[[str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stolen token, or a client in a loop, fills no audit log; another person is recorded all the same."""
    count_unauthenticated.forget()
    hourly_count.forget()
    for module in (count_unauthenticated, hourly_count):  # one minute in one hour, whenever the test runs
        monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: 0))
    before = counted("proof.refused")
    with in_organization(cast.organizations["contoso"].id):
        earlier = unauthenticated_requests_of_a_day().requests
    for _ in range(RECORDED_AN_HOUR + 16):
        assert call(cast.max, "contoso", "POST", "licenses", {}, proof="").status_code == 422
    assert counted("proof.refused") == before + RECORDED_AN_HOUR
    with in_organization(cast.organizations["contoso"].id):
        assert unauthenticated_requests_of_a_day().requests == earlier + 16
    contoso = cast.organizations["contoso"]
    with in_organization(contoso.id):
        newest, other = shown_events(ledger(cast, "contoso", "proof.refused")[:2], contoso.id, contoso.name)
    assert newest.what == (
        f"{MAX} sent a request that no device of theirs had proven; it was refused."
        " Further ones within the hour are only counted."
    )
    assert "only counted" not in other.what
    assert call(cast.olga, "contoso", "POST", "licenses", {}, proof="").status_code == 422
    assert counted("proof.refused") == before + RECORDED_AN_HOUR + 1


def test_the_next_hour_records_again(monkeypatch: pytest.MonkeyPatch) -> None:
    hourly_count.forget()
    now = 1_000 * hourly_count.HOUR
    monkeypatch.setattr(hourly_count, "time", SimpleNamespace(time=lambda: now))
    assert [hourly_count.nth_this_hour(place="a", who="max") for _ in range(3)] == [1, 2, 3]
    assert hourly_count.nth_this_hour(place="b", who="max") == 1
    now += hourly_count.HOUR
    assert hourly_count.nth_this_hour(place="a", who="max") == 1


def test_no_answer_is_kept_on_the_way(cast: Cast) -> None:
    answers = [
        call(cast.olga, "contoso", "GET", "documents"),
        call(cast.olga, "contoso", "POST", "licenses", {}),
        call(cast.olga, "contoso", "GET", "nothing-here"),
        send(cast.olga, "http://localhost:8000", "GET", "/accounts/login/"),
    ]
    assert {answer["Cache-Control"].partition(",")[0] for answer in answers} <= {"no-store", "max-age=0"}
    assert all("no-store" in answer["Cache-Control"] for answer in answers)
