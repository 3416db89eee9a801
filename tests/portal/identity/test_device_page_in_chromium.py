"""A sibling host cannot confirm a device for a signed-in victim: the attack in a real browser.

On ``*.localhost`` the attack fails by itself, because Chromium takes those for different sites; so the hosts here are
names under ``rights.example`` that the browser finds on this machine.
"""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from portal import locations
from portal.identity import clients
from portal.usecases.embedded_sign_in import sign_in_link
from tests import chromium
from tests.portal.identity.browser import Browser
from tests.tenants import builders

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"

ATTACK = """<!doctype html><title>Cats</title>
<form method="post" action="{action}"><input name="action" value="confirm"></form>
<script>document.forms[0].submit()</script>
"""

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.PROGRAM is None, reason=chromium.MISSING),
]


@pytest.fixture
def base(live_server: LiveServer, settings: Settings) -> Iterator[str]:
    """Let the installation live at a real-looking domain; return its origin."""
    port = live_server.url.rpartition(":")[2]
    settings.CHANCERY_BASE = locations.base(f"http://rights.example:{port}")
    settings.CHANCERY_BASE_URL = settings.CHANCERY_BASE.origin
    cache.clear()
    yield settings.CHANCERY_BASE.origin
    cache.clear()


def post(base: str, path: str, **fields: str) -> dict[str, str]:
    answer: dict[str, str] = Browser(base.removeprefix("http://")).form(path, fields).json()
    return answer


def poll(base: str, started: dict[str, str]) -> dict[str, str]:
    return post(
        base,
        "/identity/o/api/token",
        grant_type=DEVICE,
        device_code=started["device_code"],
        client_id=clients.CLI,
    )


def sign_in(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()


def test_a_sibling_host_cannot_confirm_a_device(base: str) -> None:
    contoso = builders.organization("contoso", "contoso.example")
    builders.person(contoso.id, "olga@contoso.example", name="Olga")
    link = sign_in_link(address="olga@contoso.example", goes_to=f"{base}/", actor=builders.ACTOR).url
    stolen = post(base, "/identity/o/api/device/code", client_id=clients.CLI, scope="openid")
    wanted = post(base, "/identity/o/api/device/code", client_id=clients.CLI, scope="openid")
    mallory = base.replace("rights.", "mallory.rights.")
    action = f"{base}/identity/o/device?{urlencode({'code': stolen['user_code']})}"
    violations: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.PROGRAM, args=[*chromium.FLAGS, "--host-resolver-rules=MAP *.example 127.0.0.1"]
        )
        page = browser.new_page()
        page.on("console", lambda line: violations.append(line.text) if "Content Security" in line.text else None)
        page.route(
            f"{mallory}/**", lambda route: route.fulfill(body=ATTACK.format(action=action), content_type="text/html")
        )
        sign_in(page, link)
        page.goto(f"{mallory}/cats")
        page.wait_for_url("**/identity/o/device?*")
        refusal = page.get_by_role("heading", level=1).inner_text()
        page.goto(f"{base}/identity/o/device?{urlencode({'code': wanted['user_code']})}")
        page.get_by_role("button", name="Confirm").click()
        confirmation = page.get_by_role("heading", level=1).inner_text()
        browser.close()
    assert refusal == "The form could not be accepted"
    assert confirmation == "The device is signed in"
    assert violations == []
    assert poll(base, stolen)["error"] == "authorization_pending"
    assert "refresh_token" in poll(base, wanted)
