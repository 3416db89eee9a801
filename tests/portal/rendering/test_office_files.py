"""LibreOffice works in a world of its own: the system's programs, one document, and nothing else."""

import io
import json
import os
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from portal.rendering import drawer, office
from portal.rendering.drawer import NotDrawn, drawing

PROGRAM = (
    "import json, os, socket, subprocess, sys, threading\n"
    "from pathlib import Path\n"
    "from portal.rendering import office\n"
    "folder, port = sys.argv[1], int(sys.argv[2])\n"
    "office._leave_the_world()\n"
    "if os.fork():\n"
    "    os._exit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
    "office._build_a_world(Path('/usr/bin/true'))\n"
    "def fails(attempt):\n"
    "    try:\n"
    "        attempt()\n"
    "    except OSError:\n"
    "        return True\n"
    "seen = sorted(os.listdir('/'))\n"
    "processes = [name for name in os.listdir('/proc') if name.isdigit()]\n"
    "found = [\n"
    "    fails(lambda: os.listdir(folder)),\n"
    "    fails(lambda: open('/etc/passwd')),\n"
    "    fails(lambda: open('/usr/x', 'w')),\n"
    "    fails(lambda: socket.socket().connect(('127.0.0.1', port))),\n"
    "    fails(lambda: os.listdir('/old')) or os.listdir('/old') == [],\n"
    "    processes == ['1'],\n"
    "]\n"
    "os.write(1, json.dumps([seen, found]).encode())\n"
    "os._exit(0)\n"
)


def worlds_can_be_made() -> bool:
    unshared = "from portal.rendering import office; office._leave_the_world()"
    done = subprocess.run([sys.executable, "-c", unshared], cwd=drawer.ROOT, capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.skipif(not worlds_can_be_made(), reason="this machine makes no namespaces for its users")
def test_nothing_but_the_system_s_programs_is_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        words = [str(tmp_path), str(listener.getsockname()[1])]
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *words], cwd=drawer.ROOT, capture_output=True, check=False, text=True
        )
    assert done.returncode == 0, done.stderr
    seen, found = json.loads(done.stdout)
    assert set(seen) <= {"bin", "dev", "etc", "lib", "lib64", "old", "proc", "sbin", "tmp", "usr", "var"}
    assert found == [True] * 6


def document() -> bytes:
    """Return a small file as Word writes it."""
    names, mime = "http://schemas.openxmlformats.org", "application/vnd.openxmlformats"
    types = (
        f'<Default Extension="rels" ContentType="{mime}-package.relationships+xml"/>'
        f'<Override PartName="/d.xml" ContentType="{mime}-officedocument.wordprocessingml.document.main+xml"/>'
    )
    leads = f'Type="{names}/officeDocument/2006/relationships/officeDocument" Target="d.xml"'
    body = "<w:body><w:p><w:r><w:t>Sign.</w:t></w:r></w:p></w:body>"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{names}/package/2006/content-types">{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{names}/package/2006/relationships"><Relationship Id="r" {leads}/>'
        "</Relationships>",
        "d.xml": f'<w:document xmlns:w="{names}/wordprocessingml/2006/main">{body}</w:document>',
    }
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as file:
        for name, text in parts.items():
            file.writestr(name, f'<?xml version="1.0"?>{text}')
    return sink.getvalue()


@pytest.mark.skipif(not office.is_possible(), reason="LibreOffice is not installed, or cannot be walled in here")
def test_an_office_file_is_drawn() -> None:
    with drawing("plan.docx", ("rita",), lambda pipe: pipe.write(document())) as found:
        (page,) = found.pages()
    assert page[8:12] == b"WEBP"


def test_what_the_office_program_leaves_is_read_to_a_limit_and_no_further(tmp_path: Path) -> None:
    """Take what a program that was taken over can leave: more than there may be, a link to no end, a pipe, nothing."""
    made = tmp_path / "document.pdf"
    assert office._made(made) == b""
    made.symlink_to("/dev/urandom")
    assert office._made(made) == b""
    made.unlink()
    os.mkfifo(made)
    assert office._made(made) == b""
    made.unlink()
    made.write_bytes(b"%PDF")
    os.truncate(made, 8 * office.MOST_PDF)
    assert len(office._made(made)) == office.MOST_PDF + 1


def test_without_libreoffice_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "is_possible", lambda: False)
    with pytest.raises(NotDrawn, match="office"), drawing("plan.docx", ("rita",), lambda pipe: pipe.write(b"PK")):
        pass
