"""Two installations that run side by side: Rita of Fabrikam opens Contoso's file by signing in at home.

See docs/protocol.md P32.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import chromium
from tests.conftest import copied
from tests.dns_server import dns_server
from tests.journeys.people import Person
from tests.running import Running, ask, free_port, up

pytestmark = pytest.mark.skipif(chromium.PROGRAM is None, reason=chromium.MISSING)

FOUNDING: Final = """
from portal.usecases.organizations import create_organization
from tenants.actor import OPERATOR
from tenants.directory.members import Member
from tenants.directory.models import MailDomain
from tenants.directory.selectors.people import person_with_login
from tenants.directory.services.change_group import change_group
from tenants.directory.services.create_group import create_group
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code
from tenants.directory.services.prove_domain import prove_domain

place = create_organization(
    name="{slug}", slug="{slug}", administrator="{person}@{slug}.example", mail_domain="{slug}.example", actor=OPERATOR
).organization
rows = MailDomain.objects.of_installation()
prove_domain(
    organization_id=place.id,
    domain="{slug}.example",
    text_records=lambda _domain: [one.record_text for one in rows],
    actor=OPERATOR,
)
who = person_with_login("{person}@{slug}.example")
made = create_group(organization_id=place.id, address="team@{slug}.example", name="Team", actor=OPERATOR)
change_group(organization_id=place.id, group_id=made.id, add=[Member(person_id=who)], actor=OPERATOR)
print(issue_enrollment_code(person_id=who, actor=OPERATOR))
"""
LEAVING: Final = """
from tenants.actor import OPERATOR
from tenants.directory.members import Member
from tenants.directory.models import Group
from tenants.directory.selectors.people import person_with_login
from tenants.directory.services.change_group import change_group

team = Group.objects.of_installation().get()
rita = Member(person_id=person_with_login("rita@fabrikam.example"))
change_group(organization_id=team.organization_id, group_id=team.id, remove=[rita], actor=OPERATOR)
"""


@dataclass
class Installation:
    """One of the two, and its first person at the command line."""

    running: Running
    code: str
    homes: Path

    def person(self, name: str, address: str) -> Person:
        return Person(self.homes / name, self.running.base, address)

    def command(self, *arguments: str) -> str:
        done = ask(*arguments, CHANCERY_DATA=str(self.running.data))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def both(data_of_a_first_start: Path) -> Iterator[tuple[Installation, Installation]]:
    with ExitStack() as stack:
        zone = stack.enter_context(dns_server({}))
        made = []
        for slug, person in (("contoso", "ada"), ("fabrikam", "rita")):
            data = stack.enter_context(copied(data_of_a_first_start))
            running = stack.enter_context(
                up(data, free_port(), f"{slug}.localhost", CHANCERY_DNS_RESOLVERS=zone.resolver)
            )
            one = Installation(running, "", data.parent)
            founding = FOUNDING.format(slug=slug, person=person)
            one.code = one.command("shell", "--no-imports", "-c", founding).split()[-1]
            made.append(one)
        contoso, fabrikam = made
        # The first requests to a process that has just started take long on a busy machine.
        for _ in range(8):
            keys = f"http://127.0.0.1:{fabrikam.running.port}/.well-known/jwks.json"
            host = {"Host": fabrikam.running.base.partition("://")[2]}
            urlopen(Request(keys, headers=host), timeout=60).close()
        zone.zone["_chancery.fabrikam.example"] = [f"chancery-home={fabrikam.running.base}"]
        yield contoso, fabrikam


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium.PROGRAM, args=chromium.FLAGS)
        yield started
        started.close()


def sign_in_at_home(page: Page, address: str) -> None:
    """Type the address here, agree at home, and be here again."""
    page.locator("input[name=login]").fill(address)
    page.get_by_role("button", name="Use your organization's sign-on").click()
    expect(page.get_by_role("heading", name="Sign in at contoso.localhost")).to_be_visible()
    expect(page.get_by_text("Your addresses: rita@fabrikam.example")).to_be_visible()
    page.get_by_role("button", name="Sign in there").click()
    page.wait_for_url(re.compile(r"http://contoso\.localhost:\d+/(?!signin)"))


def test_a_file_for_a_partner_s_group_opens_by_a_sign_in_at_home(
    both: tuple[Installation, Installation], browser: Browser, tmp_path: Path
) -> None:
    contoso, fabrikam = both
    ada = contoso.person("ada", "ada@contoso.example")
    ada.run("login", "--code", contoso.code)
    plan = tmp_path / "plan.txt"
    plan.write_text("The plan.")
    ada.run("protect", plan, "--grant", "team@fabrikam.example:VIEW,EXPORT")
    sealed = tmp_path / "plan.txt.sealed"

    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(fabrikam.command("sign_in_link", "rita@fabrikam.example").split()[-1])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state("networkidle")

    rita = contoso.person("rita", "rita@fabrikam.example")
    login = rita.start("login")
    assert login.stderr is not None
    shown = next(line for line in login.stderr if "http://" in line)
    page.goto(shown[shown.index("http://") :].split()[0])
    sign_in_at_home(page, "rita@fabrikam.example")
    page.get_by_role("button", name="Confirm").click()
    out, err = login.communicate(timeout=60)
    assert login.returncode == 0, (out, err)

    opened = tmp_path / "opened.txt"
    rita.run("open", sealed, "-o", opened)
    assert opened.read_text() == "The plan."
    told = ada.json("audit", "--kind", "content")["results"]
    assert any("Signed in at fabrikam.example." in one["changes"] for one in told), told

    fabrikam.command("shell", "--no-imports", "-c", LEAVING)
    page.goto(f"{contoso.running.base}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.goto(f"{contoso.running.base}/accounts/login/?next=/shared/")
    sign_in_at_home(page, "rita@fabrikam.example")
    refused = rita.run("open", sealed, "-o", tmp_path / "again.txt", code=1)
    assert "do not have access" in refused
