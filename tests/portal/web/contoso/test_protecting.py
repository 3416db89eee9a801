"""Files are protected in the browser: sealed there, verified, and opened by every other client."""

import io
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chancery.crypto.content import CHUNK, LEAF
from chancery.sdk.errors import Refused
from chancery.sdk.session import Session
from tests.portal.web.browsing import answers_whose_computer, content, opens
from tests.portal.web.inspection import faults
from tests.portal.web.visitor import Installation, Visitor

RITA = "rita@fabrikam.example"
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, LEAF - 1, LEAF, LEAF + 1, 2 * LEAF + CHUNK, 3_000_001)
"""Around the edges of chunks and leaves, where a writer and a reader disagree first."""


@pytest.fixture(scope="module")
def author(installation: Installation, olga: Visitor) -> Visitor:
    """Return Olga in a browser that runs scripts."""
    assert olga.page, "who has an account"
    author = installation.visitor()
    author.arrive("olga@contoso.example")
    return author


@pytest.fixture(scope="module")
def partner(installation: Installation) -> Iterator[Session]:
    with installation.rita.device("rita") as device:
        yield device


@pytest.fixture(autouse=True)
def _nothing_to_complain_about(author: Visitor) -> Iterator[None]:
    author.complaints.clear()
    yield
    assert [line for line in author.complaints if "responded with a status of 4" not in line] == []


def begins(author: Visitor, *files: Path) -> None:
    author.go("/protect/")
    author.page.locator("#form:not([hidden])").wait_for()
    author.page.set_input_files("#file", files)


def protects(author: Visitor) -> None:
    author.page.click("#form button[type=submit]")
    answers_whose_computer(author, "#next:not([hidden]), #refused:not([hidden])")


def saved(author: Visitor, folder: Path) -> list[Path]:
    """Save all protected copies."""
    found = []
    for link in author.page.locator("#files_done a[download]").all():
        with author.page.expect_download() as download:
            link.click()
        found.append(folder / download.value.suggested_filename)
        download.value.save_as(found[-1])
    return found


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_what_the_browser_seals_opens_elsewhere_byte_for_byte(
    author: Visitor, partner: Session, tmp_path: Path
) -> None:
    files = [written(tmp_path, f"{size}.bin", secrets.token_bytes(size)) for size in SIZES]
    begins(author, *files)
    author.page.check("#people_way")
    author.page.fill("#people_who", RITA)
    author.page.select_option("#people_level", "co-author")
    with author.page.expect_worker(lambda worker: "seal-worker" in worker.url):
        protects(author)
    assert "Your files are protected." in author.text
    assert "/open/" in author.page.input_value("#mail")
    sealed = saved(author, tmp_path)
    assert [path.name for path in sealed] == [f"{size}.bin.sealed" for size in SIZES]
    for plain, protected in zip(files, sealed, strict=True):
        copy = protected.with_suffix(".copy")
        opened = partner.open_file(protected, copy)
        assert copy.read_bytes() == plain.read_bytes()
        assert opened.status == "current"


def test_viewer_only_keeps_the_key_from_readers(author: Visitor, partner: Session, tmp_path: Path) -> None:
    begins(author, written(tmp_path, "plan.txt", b"1. Sign the letter."))
    author.page.check("#people_way")
    author.page.fill("#people_who", RITA)
    author.page.check("#viewer_only")
    author.page.check("#watermark")
    protects(author)
    (sealed,) = saved(author, tmp_path)
    with pytest.raises(Refused) as refused, partner.reading(sealed):
        pass
    assert refused.value.reason == "viewer_only"


def test_licenses_come_beside_the_file_and_a_recipient_opens_it_without_a_network(
    author: Visitor, partner: Session, tmp_path: Path
) -> None:
    """The second time: the organization knows Rita once she has opened something of it."""
    for ahead in (False, True):
        folder = tmp_path / str(ahead)
        folder.mkdir()
        begins(author, written(folder, "plan.txt", b"the plan"))
        author.page.check("#people_way")
        author.page.fill("#people_who", RITA)
        author.page.set_checked("#ahead", ahead)
        protects(author)
        found = {path.name: path for path in saved(author, folder)}
        if not ahead:
            partner.open_stream(found["plan.txt.sealed"], io.BytesIO())
    assert sorted(found) == ["plan.txt.sealed", "plan.txt.sealed.licenses"]
    away = Session(partner.home, partner.account, partner._http, online=False)
    shown = io.BytesIO()
    assert (away.open_stream(found["plan.txt.sealed"], shown).source, shown.getvalue()) == ("carried", b"the plan")
    author.go("/open/")
    author.page.set_input_files("#file", [found["plan.txt.sealed.licenses"]])
    author.page.locator("#refused:not([hidden])").wait_for()
    assert "not the protected file itself" in author.page.inner_text("#refused")


def test_the_owner_is_led_to_who_opens_it(author: Visitor, tmp_path: Path) -> None:
    begins(author, written(tmp_path, "Angebot – Größe 5 <b>.txt", b"plan"))
    author.page.check("#people_way")
    author.page.fill("#people_who", RITA)
    author.page.click("#people [data-add]")
    protects(author)
    (file,) = saved(author, tmp_path)
    author.follow(author.page.get_by_role("link", name="See who opens it"))
    author.page.wait_for_url("**/documents/*/")
    assert "Angebot – Größe 5 <b>.txt" in author.heading
    opens(author, file)
    assert content(author).locator("pre").inner_text() == "plan"
    assert "You may\neverything\n" in author.text


def test_the_mail_names_only_what_was_protected(author: Visitor, tmp_path: Path) -> None:
    refused = {"status": 409, "json": {"code": "conflict", "detail": "Not now."}}
    author.page.route("**/api/v1/registrations", lambda route: route.fulfill(**refused), times=1)
    begins(author, written(tmp_path, "first.txt", b"1"), written(tmp_path, "second.txt", b"2"))
    author.page.check("#people_way")
    author.page.fill("#people_who", RITA)
    protects(author)
    assert "Not now." in author.page.locator("#files_done li", has_text="first.txt").inner_text()
    assert "second.txt.sealed" in author.page.input_value("#mail")
    assert "first.txt" not in author.page.input_value("#mail")


def test_nobody_who_is_not_named_opens_it(author: Visitor, partner: Session, tmp_path: Path) -> None:
    begins(author, written(tmp_path, "secret.txt", b"secret"))
    author.page.check("#people_way")
    author.page.fill("#people_who", "max@contoso.example")
    protects(author)
    (file,) = saved(author, tmp_path)
    with pytest.raises(Refused):
        partner.open_file(file, tmp_path / "copy")


def test_each_mistake_is_said_where_it_was_made(author: Visitor, tmp_path: Path) -> None:
    author.go("/protect/")
    author.page.locator("#form:not([hidden])").wait_for()
    author.page.check("#people_way")
    author.page.click("#form button[type=submit]")
    assert author.page.inner_text("#files_error") == "Choose at least one file."
    assert author.page.inner_text("#people_error") == "Name at least one person, or choose a template."
    author.page.fill("#people_who", "rita")
    author.page.click("#form button[type=submit]")
    assert (
        author.page.inner_text("#people_wrong")
        == "Choose one of the suggestions, or write an address like rita@partner.example."
    )
    assert author.page.inner_text("#people_error") == "", "somebody is named, wrongly"
    author.page.fill("#people_who", "rita@[192.0.2.1]")
    author.page.set_input_files("#file", written(tmp_path, "a.txt", b"a"))
    author.page.click("#form button[type=submit]")
    answers_whose_computer(author, "#people_list_wrong_entry")
    assert author.page.inner_text("#people_list_wrong_entry") == (
        "'rita@[192.0.2.1]' is not a mail address that can be used here: '[192.0.2.1]' is not a mail domain."
        " Write it like name@example.com."
    )
    assert "Mend the marked entry, then protect the same files again." in author.page.inner_text("#terms_error")
    assert author.page.locator("#chosen li").all_inner_texts() == ["a.txt"]
    author.page.get_by_role("button", name="Remove rita@[192.0.2.1]").click()
    assert author.page.input_value("#people_who") == "rita@[192.0.2.1]", "what was wrong is mended, not written again"
    author.page.fill("#people_who", RITA)
    protects(author)
    assert "Your files are protected." in author.text


def test_the_page_is_well_made(author: Visitor) -> None:
    assert faults(author, "/protect/") == []


def test_a_day_that_has_passed_is_refused_beside_its_field_and_a_mended_mistake_goes(
    author: Visitor, partner: Session, tmp_path: Path
) -> None:
    begins(author, written(tmp_path, "late.txt", b"late"))
    author.page.check("#people_way")
    author.page.fill("#until", "2020-01-01")
    author.page.click("#form button[type=submit]")
    assert author.page.inner_text("#people_error") == "Name at least one person, or choose a template."
    author.page.fill("#people_who", RITA)
    author.page.locator("#people [data-add]").click()
    assert author.page.inner_text("#people_error") == ""
    author.page.click("#form button[type=submit]")
    assert author.page.inner_text("#until_error") == "This day has passed already. Choose a later one."
    assert author.page.is_visible("#form"), "nothing was protected"

    author.page.fill("#until", "")
    day = author.page.get_by_label(f"{RITA} has access until")
    day.fill("2020-01-01")
    author.page.click("#form button[type=submit]")
    assert author.page.inner_text("#people .rows .errors") == "This day has passed already. Choose a later one."
    last = datetime.now(UTC).date() + timedelta(days=3)
    day.fill(last.isoformat())
    assert author.page.locator("#people .rows .errors").count() == 0
    protects(author)
    (sealed,) = saved(author, tmp_path)
    midnight = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    assert partner.open_stream(sealed, io.BytesIO()).offline_until == midnight.timestamp()
