"""Mail domains proven by the DNS: what several resolvers answer, what people read of it, and the daily look."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import dns.rcode
import pytest
from django.core import mail
from django.utils import timezone

from portal import locations, resolvers
from portal.tasks import recheck_domain_records
from portal.usecases import domain_lookup
from tenants.directory.domain_checks import LookupResult
from tenants.directory.models import MailDomain
from tests.cast import Cast
from tests.dns_server import DnsServer, Zone, dns_server
from tests.isolation.endpoints import Site
from tests.protection.steps import call, problem

TEXT = "chancery-domain=abc"
Serve = Callable[..., list[DnsServer]]


@pytest.fixture
def serve(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Return what starts resolvers with these zones and configures them."""
    monkeypatch.setattr(resolvers, "SECONDS", 0.5)
    with ExitStack() as stack:

        def start(*zones: Zone) -> list[DnsServer]:
            servers = [stack.enter_context(dns_server(zone)) for zone in zones]
            names = " ".join(one.resolver for one in servers)
            settings.CHANCERY_DNS_RESOLVERS = locations.resolvers(names)
            return servers

        yield start


@pytest.mark.parametrize(
    ("held", "result", "seen"),
    [
        ([TEXT], LookupResult.FOUND, ()),
        (["v=spf1 -all", f" {TEXT} "], LookupResult.FOUND, ()),
        (["v=spf1 -all", f"{TEXT}d"], LookupResult.OTHER, (f"{TEXT}d", "v=spf1 -all")),
        ([], LookupResult.EMPTY, ()),
        (int(dns.rcode.NXDOMAIN), LookupResult.NO_DOMAIN, ()),
        (int(dns.rcode.SERVFAIL), LookupResult.FAILED, ()),
        (int(dns.rcode.REFUSED), LookupResult.FAILED, ()),
        (None, LookupResult.TIMEOUT, ()),
        ("elsewhere.example", LookupResult.ALIAS, ("elsewhere.example",)),
    ],
)
def test_each_answer_is_told_apart(serve: Serve, held: Any, result: LookupResult, seen: tuple[str, ...]) -> None:
    (server,) = serve({"contoso.example": held, "elsewhere.example": [TEXT]})
    answer = domain_lookup.look_up("contoso.example", TEXT)
    assert (answer.result, answer.seen) == (result, seen)
    assert answer.resolver == ("" if result is LookupResult.FOUND else server.resolver)


def test_an_answer_that_does_not_fit_is_asked_for_over_tcp(serve: Serve) -> None:
    (server,) = serve({"contoso.example": ["x" * 3_000, TEXT]})
    assert domain_lookup.look_up("contoso.example", TEXT).found
    assert server.asked == ["udp", "tcp"]


def test_all_resolvers_have_to_see_it(serve: Serve) -> None:
    _first, second = serve({"contoso.example": [TEXT]}, {"contoso.example": ["something else"]})
    answer = domain_lookup.look_up("contoso.example", TEXT)
    assert (answer.result, answer.resolver) == (LookupResult.OTHER, second.resolver)
    second.zone["contoso.example"] = [TEXT]
    assert domain_lookup.look_up("contoso.example", TEXT).found


def test_a_stranger_s_texts_are_short_and_in_one_line(serve: Serve) -> None:
    serve({"contoso.example": ["\\010\\027[31m" + "y" * 500, *(f"z{number}" for number in range(20))]})
    seen = domain_lookup.look_up("contoso.example", TEXT).seen
    assert len(seen) == domain_lookup.MOST_SHOWN
    assert all(len(one) <= domain_lookup.MOST_LETTERS and one.isprintable() for one in seen)


def test_resolvers_are_named_by_address() -> None:
    found = locations.resolvers("192.0.2.53, 127.0.0.1:5353 [2001:db8::53]:54 2001:db8::1")
    assert [(one.address, one.port) for one in found] == [
        ("192.0.2.53", 53), ("127.0.0.1", 5353), ("2001:db8::53", 54), ("2001:db8::1", 53),
    ]  # fmt: skip
    for wrong in ("dns.example", "192.0.2.53:port", "192.0.2.999"):
        with pytest.raises(locations.LocationRefused):
            locations.resolvers(wrong)


@pytest.fixture
def claimed(cast: Cast) -> tuple[str, str]:
    """Return a domain that Contoso claimed, and its text."""
    domain = f"d{uuid4().hex[:8]}.example"
    made = call(cast.ada, "contoso", "POST", "domains", {"domain": domain}).json()
    return domain, made["challenge"]


def listed(cast: Cast, domain: str) -> dict[str, Any]:
    found = call(cast.ada, "contoso", "GET", "domains").json()["results"]
    return next(one for one in found if one["domain"] == domain)


def test_a_domain_is_proven_when_the_record_is_seen_and_says_what_was_seen_before(
    cast: Cast, claimed: tuple[str, str], serve: Serve
) -> None:
    domain, text = claimed
    (server,) = serve({domain: ["v=spf1 -all"]})
    path = f"domains/{domain}/prove"
    refused = problem(call(cast.ada, "contoso", "POST", path), 400, "refused_by_directory")["detail"]
    assert "none is this text" in refused
    assert "“v=spf1 -all”" in refused
    kept = listed(cast, domain)
    assert (kept["check_result"], kept["checked_by"], kept["proven_at"]) == ("other", str(cast.ada.id), None)
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    shown = page.get(f"/domains/{domain}/").content.decode().replace("<wbr>", "")
    for part in (text, "none is this text", f"for {cast.ada.address}", "Accept without DNS"):
        assert part in shown
    server.zone[domain] = [text]
    page.post(f"/domains/{domain}/prove/", {"act": "check"})
    assert listed(cast, domain)["proven_at"]
    again = call(cast.ada, "contoso", "POST", path).json()
    assert (again["changed"], "The record is there." in again["message"]) == (False, True)


def test_without_the_dns_only_an_own_machine_accepts(
    cast: Cast, claimed: tuple[str, str], serve: Serve, settings: Any
) -> None:
    domain, _text = claimed
    (server,) = serve({})
    path, body = f"domains/{domain}/prove", {"without_dns": True}
    settings.CHANCERY_EMBEDDED = False
    refused = problem(call(cast.ada, "contoso", "POST", path, body), 400, "refused_by_directory")["detail"]
    assert "Only an installation on your own machine" in refused
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.ada).get(f"/domains/{domain}/").content.decode()
    assert "Accept without DNS" not in page
    settings.CHANCERY_EMBEDDED = True
    assert call(cast.ada, "contoso", "POST", path, body).json()["changed"]
    assert (listed(cast, domain)["found_at"], server.asked) == (None, [])


def test_nobody_makes_the_service_ask_without_end(cast: Cast, claimed: tuple[str, str], serve: Serve) -> None:
    domain, _text = claimed
    (server,) = serve({})
    details = [call(cast.ada, "contoso", "POST", f"domains/{domain}/prove").json()["detail"] for _ in range(8)]
    assert "Try again in" in details[-1]
    assert len(server.asked) < 8


def test_a_record_that_is_gone_for_a_week_is_mailed_once_and_takes_nothing(
    cast: Cast, claimed: tuple[str, str], serve: Serve
) -> None:
    domain, text = claimed
    (server,) = serve({domain: [text]})
    call(cast.ada, "contoso", "POST", f"domains/{domain}/prove")
    rows = MailDomain.objects.within(cast.organizations["contoso"].id).filter(domain=domain)
    mail.outbox.clear()

    def days_later(number: int) -> int:
        past = {name: getattr(rows.get(), name) for name in ("checked_at", "missing_since")}
        rows.update(**{name: value and value - timedelta(days=number) for name, value in past.items()})
        recheck_domain_records()
        return len(mail.outbox)

    assert recheck_domain_records() == 0, "seen a moment ago"
    assert (days_later(2), rows.get().missing_since) == (0, None)
    server.zone[domain] = int(dns.rcode.SERVFAIL)
    assert (days_later(9), rows.get().missing_since) == (0, None), "no answer is not a missing record"
    server.zone[domain] = []
    assert (days_later(2), days_later(6)) == (0, 0)
    assert days_later(2) == 1
    assert days_later(2) == 1, "once"
    (told,) = mail.outbox
    assert (told.to, text in told.body, "Nothing has changed" in told.body) == ([cast.ada.address], True, True)
    assert rows.get().proven_at
    server.zone[domain] = [text]
    days_later(2)
    assert (rows.get().missing_since, rows.get().warned_at) == (None, None)


def test_a_domain_that_was_accepted_without_the_dns_is_not_missed(cast: Cast, serve: Serve) -> None:
    (server,) = serve({})
    contoso: UUID = cast.organizations["contoso"].id
    MailDomain.objects.within(contoso).filter(found_at=None).update(checked_at=timezone.now() - timedelta(days=30))
    assert (recheck_domain_records(), server.asked) == (0, [])
