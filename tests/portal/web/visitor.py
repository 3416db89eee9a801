"""Somebody with a browser, and with a device when they get themselves a code on the pages."""

import re
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import APIResponse, Browser, BrowserContext, Locator, Page, Response

from chancery.sdk import signin
from chancery.sdk.home import Home
from chancery.sdk.http import Http
from chancery.sdk.session import Session

PATIENCE: Final = 30
"""Seconds for which a person tries to load a page again."""
LONG_AGO: Final = 240
"""Seconds after which who stays signs in anew before a module; pages ask for a sign-in of the last 600."""
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
    address: str = ""
    arrived: float = 0.0

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

    def sign_in_by_code(self, address: str) -> None:
        """Sign in on the page that asks for it, with the code that the installation mailed, read in its outbox."""
        self.click("Get a code by mail")
        self.fill(email=address)
        self.page.locator("main button[type=submit]").first.click()
        self.page.wait_for_url(re.compile("/confirm/"))
        self.fill(code=self._mailed_code(address))
        self.page.get_by_role("button", name="Confirm").click()

    def arrive(self, address: str) -> None:
        """Come as somebody who has signed in by code; no page in between is drawn, which takes most of the time."""
        asked = self._send(f"{self.installation.base}/accounts/login/code/", email=address)
        self._send(asked.url, code=self._mailed_code(address))
        self.know(address)
        self.go("/")

    def know(self, address: str) -> None:
        """Note who has signed in just now."""
        self.address, self.arrived = address, time.monotonic()

    def stay_recent(self) -> None:
        """Sign in anew if that was minutes ago: a run of all tests takes longer than a sign-in is recent."""
        if time.monotonic() - self.arrived > LONG_AGO:
            self.page.context.clear_cookies()
            self.arrive(self.address)

    def _send(self, address: str, **fields: str) -> APIResponse:
        """Send the form of a page with this browser's cookies, and return the page that it leads to."""
        ask = self.page.context.request
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', ask.get(address).text())
        assert token is not None, f"{address} has no form"
        parts = urlsplit(address)
        form = {"csrfmiddlewaretoken": token.group(1), **fields}
        answer = ask.post(address, form=form, headers={"Origin": f"{parts.scheme}://{parts.netloc}"})
        assert answer.ok, f"{address} answers {answer.status}"
        return answer

    def _mailed_code(self, address: str) -> str:
        """Return the code of the newest mail with one to this address."""
        outbox, ask = f"{self.installation.base}/outbox/", self.page.context.request
        for mail, subject, recipient in re.findall(
            r'href="/outbox/([^/]+)/" title="([^"]*)".*?<span title="([^"]*)"', ask.get(outbox).text()
        ):
            if recipient == address and "code" in subject.lower():
                found = re.search(r"^([A-Z0-9]{3,}-?[A-Z0-9]{3,})$", ask.get(f"{outbox}{mail}/").text(), re.MULTILINE)
                assert found is not None, subject
                return found.group(1)
        raise AssertionError(f"no code was mailed to {address}")

    def device(self, name: str) -> Session:
        """Get a code on the page for it and sign a device in with it, by the line the page shows."""
        page = self._send(f"{self.installation.base}/devices/code/").text()
        found = re.search(r"chancery login --host (\S+) --code ([\w-]+)", page)
        assert found is not None, page
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
            viewport={"width": 1280, "height": 900}, java_script_enabled=scripts, reduced_motion="reduce"
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

    def contexts(self) -> set[BrowserContext]:
        """Return the open browsers, each a context with cookies and keys of its own."""
        return set(self.chromium.contexts)

    def close(self, contexts: Iterable[BrowserContext]) -> None:
        """Close these browsers, except those of the founders, who come again."""
        founders = [vars(self)[name].page.context for name in ("ada", "rita") if name in vars(self)]
        for context in contexts:
            if context not in founders:
                context.close()

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
        visitor.know(f"{local}@{slug}.example")
        return visitor
