"""A viewer-only document in the browser: pages with the reader's name, no key, no file."""

from io import BytesIO
from pathlib import Path

from PIL import Image

from chancery.policy.policy import Enforcement
from chancery.policy.programs import MEANINGS, Program
from chancery.policy.rights import Right
from chancery.sdk.options import ProtectOptions
from chancery.sdk.session import Session
from tests.portal.web.browsing import content, opens
from tests.portal.web.inspection import faults_here
from tests.portal.web.visitor import Visitor

READER = "jonas@contoso.example"


def picture(width: int = 800, height: int = 1000) -> bytes:
    sink = BytesIO()
    Image.effect_noise((width, height), 40).save(sink, "PNG")
    return sink.getvalue()


def sealed(owner: Session, folder: Path, name: str, data: bytes, *rights: str, **options: object) -> Path:
    plain = folder / name
    plain.write_bytes(data)
    terms = ProtectOptions(grants=(f"{READER}:{','.join(rights)}",), **options)  # type: ignore[arg-type]
    return owner.protect(plain, terms).path


def test_pages_come_back_as_pictures_and_the_page_says_who_saw_it(
    owner: Session, reader: Visitor, olga: Visitor, contoso: str, tmp_path: Path
) -> None:
    file = sealed(owner, tmp_path, "plan.txt", b"1. Sign.\n" * 60, "VIEW", "EXTRACT", enforcement=Enforcement.VIEWER)
    reader.complaints.clear()
    opens(reader, file)
    assert reader.heading == "plan.txt"
    assert "the service decrypted this document to draw its pages" in reader.text
    frame = content(reader)
    for number in (1, 2):
        shown = frame.locator(f"img[alt='Page {number} of 2']")
        shown.wait_for()
        assert shown.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 1240
    assert "You may\nread\n" in reader.text, "nothing can be copied from pictures"
    assert not reader.page.is_visible("#save")
    assert not reader.page.is_visible("#print")
    reader.page.click("#rights_here summary")
    export = reader.page.locator("#rights_here [data-right=EXPORT] td:last-child")
    assert export.inner_text() == MEANINGS[Right.EXPORT].held[Program.VIEWER].value == "enforced"
    assert reader.complaints == []
    assert faults_here(reader, "a viewer-only document") == []
    _, cid = owner.organization_of(file)
    olga.go(f"{contoso}/documents/{cid}/")
    assert f"{READER} opened “plan.txt” in the viewer; allowed: read." in olga.text


def test_what_cannot_be_drawn_is_said_with_what_to_do(owner: Session, reader: Visitor, tmp_path: Path) -> None:
    opens(reader, sealed(owner, tmp_path, "plan.dwg", b"\x00" * 99, "VIEW", enforcement=Enforcement.VIEWER))
    assert "Files of this kind cannot be shown as pages." in reader.text
    assert "Ask the owner for another form of the document" in reader.text
    opens(reader, sealed(owner, tmp_path, "plan.txt", b"1. Sign.", "VIEW"))
    assert content(reader).locator("pre").inner_text() == "1. Sign.", "this browser is still a device"


def test_the_policy_asks_for_a_watermark_over_ordinary_content(owner: Session, reader: Visitor, tmp_path: Path) -> None:
    opens(reader, sealed(owner, tmp_path, "plan.png", picture(), "VIEW", watermark=True))
    mark = content(reader).locator(".watermark span").first
    mark.wait_for(state="attached")
    who, when, what = mark.inner_text().split("\n")
    assert (who, what) == (READER, "plan.png")
    assert when.endswith(" UTC")
    opens(reader, sealed(owner, tmp_path, "plain.png", picture(), "VIEW"))
    content(reader).locator("img").wait_for()
    assert content(reader).locator(".watermark").count() == 0
