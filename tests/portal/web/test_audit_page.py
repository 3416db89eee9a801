"""Looking for something in the log, on the page as at the command line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chancery.sdk.options import ProtectOptions
from tests.cast import Cast
from tests.isolation.endpoints import Site
from tests.protection.asking import command
from tests.protection.steps import opening, refusal


@pytest.fixture(scope="module")
def site(empty_cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return Contoso after Olga protected a plan, Rita opened it and Max was refused."""
    cast = empty_cast
    cast.found("contoso", "ada")
    cast.join("olga", "contoso")
    cast.join("max", "contoso")
    cast.found("fabrikam", "rita")
    plan = tmp_path_factory.mktemp("audit") / "Lighthouse.txt"
    plan.write_text("the plan", encoding="utf-8")
    sealed = cast.olga.session.protect(plan, ProtectOptions(grants=("rita@fabrikam.example:VIEW",)))
    opening(cast.rita, sealed.path)
    refusal(cast.max, sealed.path)
    return Site(cast, {})


def listed(site: Site, **query: str) -> str:
    """Return the page's events for what is looked for."""
    answer = site.browser("contoso.localhost:8000", site.cast.ada).get("/audit/", query)
    assert answer.status_code == 200
    return answer.content.decode().partition('aria-label="Events"')[2].partition("<h2")[0]


def days(ago: int) -> str:
    return (datetime.now(UTC) - timedelta(days=ago)).date().isoformat()


def test_one_person_s_doings_are_found_by_their_address(site: Site) -> None:
    found = listed(site, who="Rita@Fabrikam.example")
    assert "rita@fabrikam.example opened" in found
    assert "olga@" not in found.replace("olga@contoso.example registered", "")
    assert "max@" not in found
    assert "max@contoso.example tried to open" in listed(site, who="max@contoso.example", outcome="refused")
    assert "Nothing matches." in listed(site, who="nobody@elsewhere.example")


def test_a_span_of_days_holds_both_its_ends(site: Site) -> None:
    assert "opened" in listed(site, since=days(1), until=days(-1))
    assert "Nothing matches." in listed(site, until=days(2))
    assert "Nothing matches." in listed(site, since=days(-2))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"who": "rita"}, "Enter a valid email address."),
        ({"since": "2026-02-31"}, "Enter a valid date."),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "This is before the first day."),
        ({"since": "9999-12-31"}, "Name a day before the year 9999"),
        ({"kind": "nonsense"}, "Select a valid choice."),
    ],
)
def test_a_mistake_is_said_at_its_field_and_finds_nothing(site: Site, query: dict[str, str], said: str) -> None:
    answer = site.browser("contoso.localhost:8000", site.cast.ada).get("/audit/", query)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert "Correct the search first." in listed(site, **query)


def test_the_command_line_finds_the_same(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = site.cast.ada
    found = command(
        ada, monkeypatch, "audit", "--who", "rita@fabrikam.example", "--since", days(1), "--until", days(-1)
    )
    assert "rita@fabrikam.example opened" in found.output
    assert "max@" not in found.output
    assert "Nothing matches." in command(ada, monkeypatch, "audit", "--until", days(2)).output


def test_the_log_says_nothing_of_people_who_did_nothing_here(site: Site, tmp_path: Path) -> None:
    """Whether an address has an account elsewhere is not told: it looks like one that nobody has."""
    site.cast.join("stranger", "fabrikam")
    assert listed(site, who="stranger@fabrikam.example") == listed(site, who="nobody@fabrikam.example")
