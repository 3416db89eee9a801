"""The table of recipients with the longest real values: no page wider than the window, on a desk or on a phone."""

import io
from collections.abc import Iterator

import pytest

from chancery.sdk.errors import Refused
from chancery.sdk.options import ProtectOptions
from tests.portal.web.inspection import faults
from tests.portal.web.visitor import Installation, Visitor

LABEL = "very-long-name-of-a-department-of-a-company-that-never-stops-it"
LONG = f"{'somebody-with-a-name-that-goes-on-and-on'.ljust(63, 'n')}x@{LABEL}.{LABEL}.{LABEL[:40]}.example"
TITLE = f"{'Quarterly report of the department '.ljust(251, 'x')}.txt"


@pytest.fixture(scope="module")
def seeing(installation: Installation, olga: Visitor) -> Visitor:
    """Return Olga's browser with scripts on, since the inspection is one."""
    assert olga
    visitor = installation.visitor()
    visitor.arrive("olga@contoso.example")
    return visitor


@pytest.fixture(scope="module")
def document(installation: Installation, olga: Visitor) -> Iterator[str]:
    """Protect a file for many, one of whom opened it, one was refused, and one lost access; return its page."""
    plan = installation.folder / TITLE
    plan.write_text("1. Sign the letter of intent.\n", encoding="utf-8")
    devices = [olga.device("olga"), installation.rita.device("rita"), installation.ada.device("ada")]
    of_olga, of_rita, of_ada = devices
    grants = [f"{who}:VIEW" for who in (LONG, "rita@fabrikam.example", "domain:fabrikam.example")]
    grants += [f"reader{number}@fabrikam.example:VIEW,EDIT" for number in range(60)]
    sealed = of_olga.protect(plan, ProtectOptions(grants=tuple(grants)), target=installation.folder / "plan.sealed")
    of_rita.open_stream(sealed.path, io.BytesIO())
    with pytest.raises(Refused):
        of_ada.open_stream(sealed.path, io.BytesIO())
    yield f"{installation.origin('contoso')}/documents/{sealed.cid}/"
    for device in devices:
        device.close()


def test_one_row_is_taken_back_and_given_back_from_the_table(olga: Visitor, document: str) -> None:
    olga.go(document)
    assert "Recipients 1 to 25 of 65" in olga.text
    olga.follow(olga.page.locator("nav.pages").get_by_text("Next"))
    row = olga.page.locator("section[aria-labelledby=recipients] tbody tr", has_text=LONG)
    if not row.count():
        olga.follow(olga.page.locator("nav.pages").get_by_text("Back"))
    olga.follow(row.get_by_text("Take back"))
    assert olga.page.locator("[name=recipient]").input_value() == LONG
    olga.fill(reason="Sent to the wrong person")
    olga.follow(olga.page.locator("main button[type=submit]").first)
    assert "Taken back" in row.inner_text()
    assert "By olga@contoso.example" in row.inner_text()
    olga.follow(row.get_by_text("Give back"))
    assert "May open it" in row.inner_text()
    olga.follow(row.get_by_text("Take back"))
    olga.follow(olga.page.locator("main button[type=submit]").first)
    assert "Taken back" in row.inner_text()


@pytest.mark.parametrize("query", ["", "?recipients=50"])
def test_the_table_fits_whatever_is_in_it(seeing: Visitor, document: str, query: str) -> None:
    assert faults(seeing, document + query) == []


def test_chosen_documents_are_handed_over_and_a_browser_that_comes_back_ticks_none(
    seeing: Visitor, document: str, contoso: str
) -> None:
    page, cid = seeing.page, document.rstrip("/").rpartition("/")[2]
    seeing.go(f"{contoso}/documents/")
    page.locator(f"[name=chosen][value='{cid}']").check()
    page.locator(".chosen-rows").get_by_text("Hand over", exact=True).click()
    page.wait_for_url("**/hand-overs/new/**")
    assert TITLE in seeing.text
    page.go_back()
    assert page.locator("[name=chosen]:checked").count() == 0


def test_an_owner_chooses_mail_for_a_document_and_the_pages_of_tracking_fit(
    seeing: Visitor, olga: Visitor, document: str, contoso: str
) -> None:
    olga.go(document)
    olga.page.locator("#of").select_option("refusals")
    olga.follow(olga.page.locator("form", has=olga.page.locator("#of")).get_by_text("Save"))
    assert "you are mailed: Refusals only" in olga.text
    olga.go(f"{contoso}/notices/")
    assert TITLE[:40] in olga.text
    found = [
        fault
        for page in (f"{contoso}/notices/", f"{document}places/", f"{contoso}/names/")
        for fault in faults(seeing, page)
    ]
    assert found == []
    olga.follow(olga.page.get_by_text("As for all", exact=False).last)
    assert "what you chose for all your documents" in olga.text
