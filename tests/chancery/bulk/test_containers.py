"""Archives and mails written anew: what is sealed in them is changed, and every other byte stays."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, compat32
from typing import BinaryIO

import pytest

from chancery.bulk.containers import Rewriting, sealed_inside
from chancery.bulk.kinds import Kind, kind_of
from chancery.bulk.unfit import Unfit
from chancery.sealing import html_form, layout

SEALED = layout.MAGIC + b"as if it were sealed"
A_PASSWORD = (b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")
PLAIN = b"nobody's secret\r\n" * 40


@contextmanager
def opened(name: str, sealed: BinaryIO, _licenses: object = None) -> Iterator[tuple[str, BinaryIO]]:
    """Take the place of what removes a protection."""
    yield name.removesuffix(".sealed") or "plan.pdf", io.BytesIO(b"plain: " + sealed.read())


def zipped(files: dict[str, bytes], **more: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = b"of last year"
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2020, 2, 2, 2, 2, 2))
            info.external_attr, info.comment = 0o640 << 16, b"kept"
            info.compress_type = more.get("how", zipfile.ZIP_DEFLATED)
            archive.writestr(info, content)
    return made.getvalue()


def mailed(*attachments: tuple[str, bytes], policy: object = SMTP, signed: bool = False) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "olga@contoso.example", "rita@fabrikam.example", "Größe"
    mail["X-Long"] = "word " * 60
    mail.set_content("Here it is: größer.\n")
    for name, content in attachments:
        mail.add_attachment(content, "application", "octet-stream", filename=name)
    if signed:
        mail.replace_header("Content-Type", mail["Content-Type"].replace("multipart/mixed", "multipart/signed"))
    return mail.as_bytes(policy=policy)  # type: ignore[arg-type]  # either of two policies of the library


def rewritten(kind: Kind, data: bytes) -> tuple[bytes, list[str]]:
    made, rewriting = io.BytesIO(), Rewriting(opened)
    rewriting.write(kind, io.BytesIO(data), made)
    return made.getvalue(), [str(one) for one in rewriting.changed]


def attachments(mail: bytes) -> dict[str, bytes]:
    parsed = BytesParser(policy=compat32).parsebytes(mail)
    return {part.get_filename() or "": part.get_payload(decode=True) for part in parsed.walk()}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("plan.pdf.sealed", SEALED, Kind.SEALED),
        ("renamed.zip", SEALED, Kind.SEALED),
        ("page.html", html_form.MAGIC, Kind.SEALED),
        ("a.ZIP", b"PK\x03\x04", Kind.ZIP),
        ("empty.zip", b"PK\x05\x06", Kind.ZIP),
        ("letter.docx", b"PK\x03\x04", Kind.PLAIN),
        ("no.zip", b"text", Kind.PLAIN),
        ("a.eml", b"Received: x", Kind.MAIL),
        ("a.mbox", b"From a@b", Kind.MAILBOX),
        ("a.mbox", b"text", Kind.PLAIN),
        ("plan.sealed", b"text", Kind.PLAIN),
    ],
)
def test_what_a_file_is_is_seen_by_its_content(name: str, head: bytes, kind: Kind) -> None:
    assert kind_of(name, head) is kind


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_keeps_everything_but_what_was_sealed(how: int) -> None:
    before = zipped({"a/plan.pdf.sealed": SEALED, "a/": b"", "notes.txt": PLAIN, "größe.txt": b""}, how=how)
    made, changed = rewritten(Kind.ZIP, before)
    assert changed == ["a/plan.pdf.sealed"]
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        found = {info.filename: info for info in archive.infolist()}
        assert list(found) == ["a/plan.pdf", "a/", "notes.txt", "größe.txt"]
        assert archive.read("a/plan.pdf") == b"plain: " + SEALED
        assert archive.read("notes.txt") == PLAIN
        assert archive.comment == b"of last year"
        kept = found["notes.txt"]
        assert (kept.date_time, kept.external_attr, kept.comment) == ((2020, 2, 2, 2, 2, 2), 0o640 << 16, b"kept")
        assert kept.compress_type == how


def test_a_name_that_is_taken_is_numbered() -> None:
    made, _ = rewritten(Kind.ZIP, zipped({"plan.pdf": PLAIN, "plan.pdf.sealed": SEALED}))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.namelist() == ["plan.pdf", "plan (2).pdf"]
        assert archive.read("plan.pdf") == PLAIN


@pytest.mark.parametrize("policy", [SMTP, compat32], ids=["network lines", "lines of this system"])
def test_a_mail_keeps_everything_but_what_was_sealed(policy: object) -> None:
    before = mailed(("plan.pdf.sealed", SEALED), ("notes.txt", PLAIN), policy=policy)
    made, changed = rewritten(Kind.MAIL, before)
    assert changed == ["plan.pdf.sealed"]
    assert attachments(made)["plan.pdf"] == b"plain: " + SEALED
    assert attachments(made)["notes.txt"] == PLAIN
    unchanged = before.split(b"plan.pdf.sealed", 1)[0].rsplit(b"--", 1)[0]
    assert made.startswith(unchanged)


def test_a_mail_with_mixed_ends_of_lines_keeps_them() -> None:
    before = mailed(("a.sealed", SEALED)).replace(b"\r\nTo:", b"\nTo:")
    made, changed = rewritten(Kind.MAIL, before)
    assert changed == ["a.sealed"]
    assert b"\nTo: rita@fabrikam.example\r\n" in made


def test_a_name_with_other_letters_is_written_as_mail_writes_it() -> None:
    made, _ = rewritten(Kind.MAIL, mailed(("größe.pdf.sealed", SEALED)))
    assert attachments(made)["größe.pdf"] == b"plain: " + SEALED
    made.partition(b"octet-stream")[2].decode("ascii")


def test_what_is_inside_what_is_inside() -> None:
    inner = zipped({"deep.txt.sealed": SEALED, "other.txt": PLAIN})
    before = zipped({"outer/inner.zip": inner, "mail.eml": mailed(("in mail.zip", inner))})
    assert [str(one) for one in sealed_inside(Kind.ZIP, io.BytesIO(before))] == [
        "outer/inner.zip → deep.txt.sealed",
        "mail.eml → in mail.zip → deep.txt.sealed",
    ]
    made, changed = rewritten(Kind.ZIP, before)
    assert len(changed) == 2
    assert list(sealed_inside(Kind.ZIP, io.BytesIO(made))) == []


def test_many_mails_in_one_file_keep_their_order_and_their_lines() -> None:
    first, second = mailed(("a.sealed", SEALED), policy=compat32), mailed(("b.txt", PLAIN), policy=compat32)
    line = b"From olga@contoso.example Mon Jan  1 00:00:00 2024\n"
    before = line + first + b"\n" + line + second + b"\n" + line + first
    made, changed = rewritten(Kind.MAILBOX, before)
    assert changed == ["a.sealed", "a.sealed"]
    assert line + second + b"\n" + line in made
    assert made.count(line) == 3


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Kind.ZIP, zipped({"a.sealed": SEALED})[:-30]),
        (Kind.ZIP, zipped({"a.sealed": SEALED}).replace(*A_PASSWORD)),
        (Kind.MAIL, mailed(("a.sealed", SEALED), signed=True)),
    ],
    ids=["cut", "with a password", "signed"],
)
def test_what_could_not_be_kept_as_it_is_is_left_alone(kind: Kind, data: bytes) -> None:
    with pytest.raises(Unfit):
        rewritten(kind, data)


def test_containers_are_not_followed_for_ever() -> None:
    data = zipped({"a.sealed": SEALED})
    for _ in range(9):
        data = zipped({"inner.zip": data})
    with pytest.raises(Unfit):
        rewritten(Kind.ZIP, data)
    with pytest.raises(Unfit):
        list(sealed_inside(Kind.ZIP, io.BytesIO(data)))
