"""What nobody signed in sends: counted, and unable to fill the audit log."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client

from audit.selectors.unauthenticated import UnauthenticatedRequests, unauthenticated_requests_of_a_day
from audit.services import count_unauthenticated
from tenants.context import in_public
from tenants.organizations.selectors import OrganizationFacts


@pytest.fixture(autouse=True)
def one_minute(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Count from nothing, within one minute by the process's clock, whenever the test runs."""
    monkeypatch.setattr(count_unauthenticated, "time", SimpleNamespace(time=lambda: 0))
    count_unauthenticated.forget()
    yield
    count_unauthenticated.forget()


def events() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from audit_event")
        return int(cursor.fetchone()[0])


def rows() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select address, sum(count)::bigint from audit_unauthenticatedrequests group by address order by address"
        )
        return list(cursor.fetchall())


@pytest.mark.parametrize("path", ["/api/v1/licenses", "/api/v1/events"])
@pytest.mark.parametrize("token", [None, "made-up"])
def test_a_request_without_a_valid_token_is_counted_and_is_no_event(
    ledger: OrganizationFacts, path: str, token: str | None
):
    before = events()
    headers = {"Host": f"{ledger.slug}.localhost:8000"} | ({"Authorization": f"Bearer {token}"} if token else {})
    with in_public():
        for _ in range(9):
            answer = Client().post(path, data={}, content_type="application/json", headers=headers)
            assert answer.status_code == 401
    assert rows() == [("127.0.0.1", 8)], "nine, of which the last that doubled was the eighth"
    assert unauthenticated_requests_of_a_day() == UnauthenticatedRequests(8, 1)
    assert events() == before


def test_a_flood_costs_a_dozen_writes_and_a_thousand_rows_at_most(
    ledger: OrganizationFacts, django_assert_max_num_queries, monkeypatch: pytest.MonkeyPatch
):
    with django_assert_max_num_queries(13):
        for _ in range(4_000):
            count_unauthenticated.count_unauthenticated(place=ledger.slug, address="192.0.2.7")
    monkeypatch.setattr(count_unauthenticated, "ADDRESSES", 5)
    for last in range(200):
        count_unauthenticated.count_unauthenticated(place=ledger.slug, address=f"198.51.100.{last}")
    assert len(rows()) <= 6 + 1
    assert dict(rows())["192.0.2.7"] >= 2_000


def test_one_customers_ipv6_addresses_are_one(ledger: OrganizationFacts):
    for last in range(4):
        count_unauthenticated.count_unauthenticated(place=ledger.slug, address=f"2001:db8:1:2::{last:x}")
    assert rows() == [("2001:db8:1:2::/64", 4)]


def test_counts_are_kept_for_thirty_days(ledger: OrganizationFacts):
    with connection.cursor() as cursor:
        cursor.execute("insert into audit_unauthenticatedrequests values (now() - interval '31 days', '192.0.2.1', 5)")
    count_unauthenticated.count_unauthenticated(place=ledger.slug, address="192.0.2.7")
    assert rows() == [("192.0.2.7", 1)]
