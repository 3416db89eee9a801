"""Somebody with a browser, and with a device when they get themselves a code on the pages."""

import re
import tempfile
import time
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, Response

from chancery.sdk import signin
from chancery.sdk.home import Home
from chancery.sdk.http import Http
from chancery.sdk.session import Session

PATIENCE: Final = 30
"""Seconds for which a person tries to load a page again."""
LEADS_ON: Final = """one => {
  const clicked = one.closest("a, button, summary");
  const aim = clicked.matches("a[href]") ? clicked : clicked.type === "submit" && clicked.form;
  const asksHere = document.querySelector("#question[data-ready]") && clicked.matches("[data-asks], .chosen-rows *");
  return Boolean(aim) && !aim.target && !asksHere && !clicked.matches("[data-passkey], [download]");
}"""
"""Whether a click loads a page in the same tab; a passkey's button first asks the browser, and may stay, and questions
are shown over the page where scripts run."""


@dataclass
class Visitor:
    """One person's browser; what its console complains about is kept."""

    installation: "Installation"
    page: Page
    complaints: list[str] = field(default_factory=list)

    def go(self, address: str) -> Response:
        """Load a page, given its path at the base domain or its whole address.

        A machine that is busy with other tests may make the service say 503 for a moment; people try again then.
        """
        until = time.monotonic() + PATIENCE
        while True:
            answer = self.page.goto(address if "://" in address else self.installation.base + address)
            assert answer is not None
            if answer.status != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > until:
                return answer
            self.page.wait_for_timeout(1_000)

    def click(self, name: str) -> None:
        """Click the button or link that is called so."""
        self.follow(self.page.locator("a, button, summary").get_by_text(name, exact=True).first)

    def follow(self, where: Locator) -> None:
        """Click, and wait until the page is there that a link or a form leads to.

        A click alone returns as soon as the browser has taken it: on a busy machine, what is asked next is still
        answered by the page before.
        """
        if where.evaluate(LEADS_ON):
            with self.page.expect_navigation():
                where.click()
        else:
            where.click()

    def fill(self, **fields: str) -> None:
        """Fill in fields by their names."""
        for name, value in fields.items():
            self.page.locator(f"[name={name}]").fill(value)

    @property
    def text(self) -> str:
        """What the page says."""
        return self.page.locator("main").inner_text()

    @property
    def heading(self) -> str:
        """The page's only first heading."""
        return self.page.get_by_role("heading", level=1).inner_text()

    def sign_in_by_code(self, address: str, *, begun: bool = False) -> None:
        """Sign in with the code that the installation mailed, read in its outbox; perhaps on the page where one is."""
        if not begun:
            self.go("/accounts/login/")
        self.click("Get a code by mail")
        self.fill(email=address)
        self.page.locator("main button[type=submit]").first.click()
        self.page.wait_for_url(re.compile("/confirm/"))
        other = self.page.context.new_page()
        other.goto(f"{self.installation.base}/outbox/")
        codes = other.locator("main tr", has_text=address).filter(has_text=re.compile("code", re.IGNORECASE))
        codes.first.get_by_role("link").click()
        found = re.search(r"^([A-Z0-9]{3,}-?[A-Z0-9]{3,})$", other.locator("pre").inner_text(), re.MULTILINE)
        assert found is not None, other.locator("main").inner_text()
        other.close()
        self.fill(code=found.group(1))
        self.page.get_by_role("button", name="Confirm").click()
        if not begun:
            self.page.wait_for_url(f"{self.installation.base}/")

    def device(self, name: str) -> Session:
        """Get a code on the pages and sign a device in with it, by the line the page shows."""
        self.go("/devices/")
        self.click("Add a device" if self.page.get_by_text("Add a device").count() else "get a code")
        self.click("Show me a code")
        line = self.page.locator("pre").inner_text()
        found = re.fullmatch(r"chancery login --host (\S+) --code (\S+)", line)
        assert found is not None, line
        http = Http("chancery-tests")
        place = signin.discover(http, found.group(1))
        home = Home(Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.installation.folder)), use_key_ring=False)
        account = signin.enroll(home, http, place, signin.sign_in_by_code(http, place, found.group(2)))
        return Session(home, account, http)


@dataclass
class Installation:
    """A running installation as its visitors see it."""

    base: str
    chromium: Browser
    folder: Path

    def origin(self, slug: str) -> str:
        """Return the address of an organization's pages."""
        parts = urlsplit(self.base)
        return f"{parts.scheme}://{slug}.{parts.netloc}"

    def visitor(self, *, scripts: bool = True) -> Visitor:
        """Return somebody with a fresh browser."""
        page = self.chromium.new_context(
            viewport={"width": 1280, "height": 900}, java_script_enabled=scripts
        ).new_page()
        page.set_default_timeout(15_000)
        visitor = Visitor(self, page)
        page.on(
            "console",
            lambda line: (
                visitor.complaints.append(f"{page.url}: {line.text}") if line.type in {"error", "warning"} else None
            ),
        )
        page.on("pageerror", lambda error: visitor.complaints.append(f"{page.url}: {error}"))
        return visitor

    @cached_property
    def ada(self) -> Visitor:
        """Return the administrator of Contoso, who has just created it from the start page and signed in."""
        return self.founder("Contoso", "Ada Ahrens")

    @cached_property
    def rita(self) -> Visitor:
        """Return the administrator of Fabrikam."""
        return self.founder("Fabrikam", "Rita Reyes")

    def add_person(self, address: str, name: str) -> None:
        """Let Ada add a person to Contoso."""
        self.ada.go(f"{self.origin('contoso')}/people/")
        self.ada.click("Add a person")
        self.ada.fill(email=address, name=name)
        self.ada.click("Save")

    def founder(self, organization: str, name: str) -> Visitor:
        """Go from the start page to one's own organization, through nothing but pages."""
        slug, local = organization.lower(), name.split(maxsplit=1)[0].lower()
        visitor = self.visitor(scripts=False)
        visitor.go("/")
        visitor.click("Create an organization")
        visitor.fill(name=organization, slug=slug, mail_domain=f"{slug}.example")
        visitor.fill(administrator=f"{local}@{slug}.example", administrator_name=name)
        visitor.click("Create the organization")
        visitor.click(f"Go to {organization}")
        visitor.page.get_by_role("button", name="Sign in").click()
        visitor.page.wait_for_url(f"{self.origin(slug)}/")
        return visitor
