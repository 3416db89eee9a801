"""An announcement that has lapsed is none: it is made anew, and mailed anew."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from portal import locations
from tenants.directory.models import TakeOver
from tenants.directory.selectors.take_overs import LAPSES
from tests.cast import Cast
from tests.dns_server import dns_server
from tests.isolation.endpoints import Site
from tests.protection.steps import problem
from tests.protection.test_individuals import some_domain, started
from tests.protection.test_take_overs import SAID, a_week_later, announced, step, taken_over


@pytest.fixture
def zone(settings: Any) -> Iterator[dict[str, Any]]:
    """Return the DNS, as one server that all ask."""
    cache.clear()
    held: dict[str, Any] = {}
    with dns_server(held) as server:
        settings.CHANCERY_DNS_RESOLVERS = locations.resolvers(server.resolver)
        yield held


def test_what_is_announced_again_after_it_lapsed_is_mailed_again(cast: Cast, zone: dict[str, Any]) -> None:
    domain = some_domain()
    ada, place = started(cast, f"ada@{domain}")
    nina, _ = started(cast, f"nina@{domain}")

    def mails() -> int:
        return len([one for one in mail.outbox if one.to == [nina.address] and "is taken over on" in one.subject])

    mail.outbox.clear()
    announced(ada, domain, zone)
    again = step(ada, domain, "announce", confirm=domain, **SAID).json()
    assert (again["changed"], mails()) == (False, 1), "who knows is not told twice"
    rows = TakeOver.objects.within(place.id).filter(due_at__isnull=False)
    assert rows.update(due_at=timezone.now() - LAPSES) == 1
    problem(taken_over(ada, domain), 400, "refused_by_directory")
    page = Site(cast, {}).browser("localhost:8000", ada).get(f"/organizations/{domain}/take-over/").content.decode()
    assert 'value="announce"' in page
    assert 'value="take_over"' not in page
    assert step(ada, domain, "record").json()["due_at"] is None
    anew = step(ada, domain, "announce", confirm=domain, **SAID).json()
    assert (anew["changed"], mails()) == (True, 2)
    problem(taken_over(ada, domain), 400, "refused_by_directory")
    a_week_later(place.id)
    assert taken_over(ada, domain).status_code == 200


def test_it_can_be_carried_out_until_it_lapses(cast: Cast, zone: dict[str, Any]) -> None:
    domain = some_domain()
    ada, place = started(cast, f"ada@{domain}")
    announced(ada, domain, zone)
    rows = TakeOver.objects.within(place.id).filter(due_at__isnull=False)
    rows.update(due_at=timezone.now() - LAPSES + timedelta(minutes=1))
    page = Site(cast, {}).browser("localhost:8000", ada).get(f"/organizations/{domain}/take-over/").content.decode()
    assert 'value="take_over"' in page
    assert taken_over(ada, domain).status_code == 200
