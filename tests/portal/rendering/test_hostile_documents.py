"""Hostile documents neither crash what draws them nor reach a file, a network or another process."""

import io
import re
import socket
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image
from pypdfium2 import PdfDocument

from portal.rendering import drawer, frames, sandbox
from portal.rendering.drawer import NotDrawn, drawing
from portal.rendering.drawing import MOST_PIXELS
from portal.rendering.text_pages import draw_text

pytestmark = pytest.mark.skipif(not sandbox.is_possible(), reason="this machine cannot wall a process in")
WATERMARK = ("rita@fabrikam.example", "2026-11-29 21:46 UTC", "Größe – план")


def pages(name: str, data: bytes, **more: float) -> list[bytes]:
    with drawing(name, WATERMARK, lambda pipe: pipe.write(data), **more) as found:
        return list(found.pages())


def refused(name: str, data: bytes, **more: float) -> str:
    with pytest.raises(NotDrawn) as error:
        pages(name, data, **more)
    return error.value.code


def walled_in(attempt: str) -> str:
    """Return what Python says to an attempt after the walls have closed."""
    program = (
        "import ctypes, os, socket, subprocess, mmap, signal\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "from portal.rendering import sandbox\n"
        "sandbox.lock_down()\n"
        "try:\n"
        f"    {attempt}\n"
        "except BaseException as error:\n"
        "    os.write(1, type(error).__name__.encode())\n"
        "else:\n"
        "    os.write(1, b'it worked')\n"
        "os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=drawer.ROOT, capture_output=True, check=True, env={})
    return done.stdout.decode()


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/hostname')",
        "open('/tmp/x', 'w')",
        "os.listdir('/proc/self')",
        "open(f'/proc/{os.getppid()}/environ')",
        "os.memfd_create('x')",
        "socket.socket()",
        "socket.socket(socket.AF_UNIX)",
        "socket.socketpair()",
        "os.pipe()",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getppid(), 9)",
        "os.setuid(0) or libc.setuid(0) and (_ for _ in ()).throw(OSError())",
        "libc.ptrace(16, os.getppid(), 0, 0) == -1 and (_ for _ in ()).throw(OSError())",
        "libc.prctl(4, 1, 0, 0, 0) == -1 and (_ for _ in ()).throw(OSError())",
        "bytearray(3 * 1024 ** 3)",
    ],
)
def test_nothing_outside_can_be_reached(attempt: str) -> None:
    assert walled_in(attempt) in {"PermissionError", "OSError", "MemoryError"}


def test_computing_still_works() -> None:
    assert walled_in("assert sum(bytearray(10 ** 7)) == 0") == "it worked"


def pdf(*objects: bytes) -> bytes:
    """Return a file of these objects, numbered from 1, the first one the catalog."""
    body, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (size, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + trailer


def stream(data: bytes, more: bytes = b"") -> bytes:
    packed = zlib.compress(data, 9)
    return b"<< /Length %d /Filter /FlateDecode %s >> stream\n%s\nendstream" % (len(packed), more, packed)


CATALOG, TREE = b"<< /Type /Catalog /Pages 2 0 R %s >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %s] /Contents 4 0 R %s >>"


def png(width: int, height: int, rows: bytes = b"") -> bytes:
    """Return a picture that says it is this large, whatever it holds."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_scripts_and_actions_of_a_pdf_file_do_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        address = b"http://127.0.0.1:%d/" % listener.getsockname()[1]
        script = b"<< /S /JavaScript /JS (app.launchURL('%s'); while (true) {}) >>" % address
        opens = b"/OpenAction %s /AA << /WC << /S /URI /URI (%s) >> >> /Names << /JavaScript << /Names [(a) %s] >> >>"
        action = b"/AA << /O << /S /Launch /F (/bin/sh) >> >>"
        file = pdf(CATALOG % (opens % (script, address, script)), TREE, PAGE % (b"300 400", action), stream(b""))
        assert len(pages("a.pdf", file)) == 1
        with pytest.raises(TimeoutError):
            listener.accept()


def never_drawn() -> bytes:
    """Return a form that draws ten forms, each of which draws ten, and so on: nobody would see the end of it."""
    deep = 14
    forms = [
        stream(
            b"/F Do " * 10 if number < deep else b"0 0 m 9 9 l S",
            b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F %d 0 R >> >>" % (6 + number),
        )
        for number in range(deep + 1)
    ]
    shown = PAGE % (b"300 400", b"/Resources << /XObject << /F 5 0 R >> >>")
    return pdf(CATALOG % b"", TREE, shown, stream(b"/F Do"), *forms)


def test_a_bomb_in_a_pdf_file_ends_within_its_limits() -> None:
    assert refused("a.pdf", never_drawn(), seconds=2) in {"ended", "too_much"}


def test_sizes_that_no_page_can_have() -> None:
    for box in (b"99999999 99999999", b"0 0", b"1 99999999"):
        try:
            (page,) = pages("a.pdf", pdf(CATALOG % b"", TREE, PAGE % (box, b""), stream(b"")))
        except NotDrawn:
            continue
        width, height = Image.open(io.BytesIO(page)).size
        assert width * height <= 4_100_000, box


def test_a_picture_of_a_hundred_megapixels_is_refused_before_it_is_decoded() -> None:
    assert MOST_PIXELS < 10_000 * 10_000
    assert refused("a.png", png(10_000, 10_000)) == "too_many_pixels"
    assert refused("a.png", png(2**31 - 1, 2**31 - 1)) in {"too_many_pixels", "damaged"}


def test_what_is_no_document_is_called_damaged() -> None:
    whole = png(300, 300, (b"\0" + b"\x80" * 900) * 300)
    assert len(pages("a.png", whole)) == 1
    for name, data in (
        ("a.png", whole[: len(whole) // 2]),
        ("a.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 500),
        ("a.gif", b"GIF89a" + b"\xff" * 40),
        ("a.tiff", b"II*\0\x08\0\0\0" + b"\xff" * 64),
        ("a.pdf", b"%PDF-1.7\n"),
        ("a.pdf", b""),
        ("a.png", b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) run"),
    ):
        assert refused(name, data) == "damaged", (name, data[:20])
    assert refused("a.exe", b"MZ") == refused("a", b"x") == "unknown_kind"


def test_a_file_with_a_password_says_so() -> None:
    locked = b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (b"41" * 32, b"42" * 32)
    file = pdf(CATALOG % b"", TREE, PAGE % (b"300 400", b""), stream(b""), locked)
    file = file.replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 5 0 R /ID [<00><00>]")
    assert refused("a.pdf", file) == "locked"


def test_text_is_only_text_and_has_an_end() -> None:
    hostile = b"<script>fetch('/ran')</script>\x1b]0;x\x07\x00" + "\u202egpj.exe".encode() + b"\xff\xfe" * 50
    assert len(pages("a.html", hostile)) == 1
    found, of = draw_text(b"x" * 5_000_000, drawer.MOST_PAGES)
    assert of > drawer.MOST_PAGES
    assert next(found).size == (1240, 1754)
    (empty,) = pages("a.txt", b"")
    assert Image.open(io.BytesIO(empty)).size == (1240, 1754)


def test_what_draws_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A process that a document has taken over can say what it likes."""
    for said in (
        b"\xff\xff\xff\xff",
        b"\0\0\0\x02{}",
        b'\0\0\0\x18{"pages": 1, "of": 1}    \0\0\0\x04<svg',
        b'\0\0\0\x14{"pages":9e99,"of":1}',
        b"",
    ):
        monkeypatch.setattr(subprocess, "Popen", _saying(said, tmp_path))
        assert refused("a.txt", b"x") == "ended", said
        monkeypatch.undo()
    data = io.BytesIO(b"\0\0\0\x09short")
    with pytest.raises(frames.BrokenFrame):
        frames.read(data)


def _saying(said: bytes, folder: Path) -> object:
    (folder / "said").write_bytes(said)
    start = subprocess.Popen

    def popen(_command: object, **options: object) -> object:
        return start(["cat", folder / "said"], **{**options, "env": None})  # type: ignore[call-overload]

    return popen


def test_what_draws_ends_with_the_worker(tmp_path: Path) -> None:
    """A worker that is killed leaves nobody behind who holds a document."""
    program = (
        "import os, sys\n"
        "from portal.rendering.drawer import drawing\n"
        "def feed(pipe):\n"
        "    pipe.write(b'x'); pipe.flush()\n"
        "    import subprocess\n"
        "    while True:\n"
        "        ps = ['ps', '--ppid', str(os.getpid()), '-o', 'pid=,args=']\n"
        "        found = subprocess.run(ps, capture_output=True, text=True).stdout\n"
        "        mine = [line.split()[0] for line in found.splitlines() if 'rendering.child' in line]\n"
        "        walled = mine and 'Seccomp:\\t2' in open(f'/proc/{mine[0]}/status').read()\n"
        "        if walled:\n"
        "            print(mine[0], flush=True); sys.stdin.read()\n"
        "with drawing('a.txt', ('x',), feed): pass\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=drawer.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdout is not None
        child = int(worker.stdout.readline())
        worker.kill()
        worker.wait()
        for _ in range(1_500):
            state = _state(child)
            if state in {"", "Z"}:
                break
            subprocess.run(["sleep", "0.02"], check=True)
        assert state in {"", "Z"}


def _state(pid: int) -> str:
    try:
        found = re.search(r"^State:\s+(\S)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return ""
    return found.group(1) if found else ""


def test_many_pages_are_cut() -> None:
    file = PdfDocument.new()
    for _ in range(drawer.MOST_PAGES + 3):
        file.new_page(60, 60)
    sink = io.BytesIO()
    file.save(sink)
    with drawing("a.pdf", WATERMARK, lambda pipe: pipe.write(sink.getvalue())) as found:
        assert len(list(found.pages())) == found.number == drawer.MOST_PAGES
        assert found.of == drawer.MOST_PAGES + 3
