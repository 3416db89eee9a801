"""What tests of the pages share on which the browser opens and protects files."""

from pathlib import Path

from playwright.sync_api import FrameLocator

from tests.portal.web.visitor import Visitor


def opens(reader: Visitor, file: Path) -> None:
    """Choose a file on the page, say whose computer it is where that is asked, and wait for the outcome."""
    reader.go("/open/")
    reader.page.set_input_files("#file", file)
    answers_whose_computer(reader, "#refused:not([hidden]), #opened:not([hidden])")


def answers_whose_computer(visitor: Visitor, ends: str) -> None:
    """Say that it is one's own computer where the page asks, and wait for one of these outcomes."""
    visitor.page.locator(f"#device:not([hidden]), {ends}").first.wait_for()
    if visitor.page.is_visible("#device"):
        visitor.page.click("#own")
    visitor.page.locator(ends).first.wait_for()


def content(reader: Visitor) -> FrameLocator:
    """Return the frame in which the content is shown."""
    return reader.page.frame_locator("#frame")
