"""What a browser that has never been here loads before somebody can protect or open a file."""

import pytest
from playwright.sync_api import Browser

from tests.portal.web.visitor import Visitor

MOST = 90_000
"""Bytes on the wire, answers of the API included but the list of templates, which is as long as the organization's."""


@pytest.mark.parametrize(
    ("address", "ready"), [("/protect/", "#form:not([hidden])"), ("/open/", "main input[type=file]")]
)
def test_a_first_load_stays_small(chromium: Browser, ada: Visitor, address: str, ready: str) -> None:
    assert ada.page.context.cookies(), "an administrator has the longest navigation"
    context = chromium.new_context(storage_state=ada.page.context.storage_state())
    page = context.new_page()
    asked: dict[str, str] = {}
    took: dict[str, int] = {}
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.requestWillBeSent", lambda event: asked.update({event["requestId"]: event["request"]["url"]}))
    wire.on("Network.loadingFinished", lambda event: took.update({event["requestId"]: event["encodedDataLength"]}))
    page.goto(ada.installation.base + address, wait_until="networkidle")
    page.locator(ready).first.wait_for(state="attached")
    context.close()
    assert len(took) > 15, "scripts and style sheets count"
    assert sum(size for one, size in took.items() if "/api/v1/templates?" not in asked[one]) <= MOST
