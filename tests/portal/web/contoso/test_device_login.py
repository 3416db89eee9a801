"""``chancery login`` with a browser at hand: from the printed link and code to the first protected file."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.people import SECONDS, Person
from tests.portal.web.inspection import faults
from tests.portal.web.visitor import Installation, Visitor


@pytest.fixture(scope="module")
def max_(installation: Installation) -> Visitor:
    """Return Max's browser, in which nobody is signed in; Ada has added them to Contoso."""
    installation.add_person("max@contoso.example", "Max Meyer")
    return installation.visitor()


def computer(installation: Installation, name: str) -> Person:
    """Return a new computer of Max's."""
    return Person(installation.folder / name, installation.base, "max@contoso.example")


@contextmanager
def login(person: Person) -> Iterator["subprocess.Popen[str]"]:
    """Run ``chancery login``; it would wait for its code to run out if a test failed before."""
    with person.start("login") as process:
        try:
            yield process
        finally:
            process.kill()


def link_and_code(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """Read what the program prints, up to the code."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        found = re.search(r"(http\S+).*the code: (\S+)", said, re.DOTALL)
        if found is not None:
            return found.group(1), found.group(2)
    raise AssertionError(said)


def test_from_the_printed_link_to_a_protected_file(installation: Installation, max_: Visitor, tmp_path: Path) -> None:
    laptop = computer(installation, "laptop")
    with login(laptop) as process:
        link, code = link_and_code(process)
        max_.go(link)
        assert max_.heading == "Sign in", "first Max says who they are, and then comes back without another click"
        max_.sign_in_by_code("max@contoso.example")
        max_.page.wait_for_url("**/identity/o/device?*")
        assert max_.heading == "Sign in this device?"
        assert max_.page.locator("pre").inner_text() == code
        assert "max@contoso.example" in max_.text
        assert faults(max_, link) == []
        max_.click("Confirm")
        assert max_.heading == "The device is signed in"
        out, err = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, err
        assert f"You are signed in as max@contoso.example at {installation.base}" in out + err
    assert laptop.json("whoami")["email"] == "max@contoso.example"
    plan = tmp_path / "plan.txt"
    plan.write_text("the plan", encoding="utf-8")
    laptop.run("protect", plan, "--grant", "ada@contoso.example:VIEW")
    laptop.run("open", tmp_path / "plan.txt.sealed", "-o", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"the plan"
    max_.go("/outbox/")
    assert "A device was added to your account" in max_.text
    assert max_.complaints == []


def test_a_code_typed_in_another_browser_and_refused(installation: Installation, max_: Visitor) -> None:
    tablet = computer(installation, "tablet")
    with login(tablet) as process:
        _link, code = link_and_code(process)
        max_.go("/identity/o/device")
        assert max_.heading == "Sign in a device"
        max_.fill(code="WRNG-CODE")
        max_.click("Continue")
        assert max_.page.locator(".errors").count() == 1
        max_.fill(code=code)
        max_.click("Continue")
        max_.click("Refuse")
        assert max_.heading == "The device stays outside"
        out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 5
    assert "The sign-in was refused in the browser." in out + err


def test_a_revoked_computer_is_signed_out(installation: Installation, max_: Visitor) -> None:
    laptop = computer(installation, "laptop")
    max_.go("/devices/")
    max_.follow(max_.page.get_by_role("link", name="Revoke").first)
    max_.click("Revoke the device")
    said = laptop.run("whoami", code=5)
    assert "chancery login" in said
