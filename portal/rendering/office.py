"""The process that makes PDF files of Office files: LibreOffice, alone in namespaces of its own.

LibreOffice needs files, threads and programs, so a filter of system calls cannot hold it.  It gets a world of its own
instead: a root of memory in which nothing is but the system's programs and fonts, read-only, and the one document; no
network, no other process, no privilege.  All of it is gone with the process.  Its PDF file is drawn like every other
one, behind the walls of ``sandbox``.  Where the machine allows no such world, or has no LibreOffice, Office files are
not drawn.
"""

import ctypes
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final, NoReturn

from portal.rendering import frames, sandbox

SECONDS: Final = 60
MEMORY: Final = 4 * 1024 * 1024 * 1024
"""Bytes of address space, of which LibreOffice reserves much more than it uses."""
MOST_PDF: Final = 64 * 1024 * 1024
"""Bytes of what an Office file becomes."""
PROCESSES: Final = 1024
"""Processes and threads of the account at most: many more than LibreOffice starts, and than the service has."""
FILES: Final = "size=512m,mode=0755"
"""What all files of its world may take together, in memory."""
SHOWN: Final = (
    "/usr", "/bin", "/sbin", "/lib", "/lib64",
    "/etc/fonts", "/etc/ld.so.cache", "/etc/libreoffice", "/var/lib/libreoffice",
)  # fmt: skip
DEVICES: Final = ("/dev/null", "/dev/urandom")

_NEW: Final = 0x00020000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
"""Mounts, host name, IPC, users, processes, network (``unshare``)."""
_READ_ONLY, _NO_SUID, _NO_DEVICES, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_DETACH: Final = 2
_PIVOT_ROOT: Final = {"x86_64": 155, "aarch64": 41}
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38

_libc = ctypes.CDLL(None, use_errno=True)


def program() -> Path | None:
    """Return where LibreOffice is on this machine."""
    found = shutil.which("soffice", path="/usr/bin:/usr/local/bin:/opt/libreoffice/program")
    return Path(found).resolve() if found else None


@cache
def is_possible() -> bool:
    """Tell whether Office files can be converted here, by trying the walls."""
    if program() is None or not sandbox.is_possible():
        return False
    tried = subprocess.run(command("--try"), cwd=sandbox.ROOT, env={}, stdin=subprocess.DEVNULL, check=False)
    return tried.returncode == 0


def command(*more: str) -> list[str]:
    """Return how this process is started."""
    return [sys.executable, "-E", "-s", "-m", "portal.rendering.office", *more]


def main() -> None:
    """Convert one document, or only try the walls."""
    try_only = sys.argv[1:] == ["--try"]
    wanted = {} if try_only else frames.read_members(sys.stdin.buffer)
    data = b"" if try_only else sys.stdin.buffer.read()
    office = program()
    if office is None:
        raise SystemExit(1)
    _leave_the_world()
    inner = os.fork()
    if inner:
        _die_with_parent()
        raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]))
    _die_with_parent()
    _build_a_world(office)
    if not try_only:
        sys.stdout.buffer.write(_converted(office, str(wanted["ending"]), data))
        sys.stdout.buffer.flush()
    os._exit(0)


def _leave_the_world() -> None:
    sandbox.become_nobody()
    user, group = os.getuid(), os.getgid()
    _check(_libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0))  # Else the next files belong to root.
    _check(_libc.unshare(_NEW))
    Path("/proc/self/setgroups").write_bytes(b"deny")
    Path("/proc/self/uid_map").write_bytes(b"%d %d 1" % (user, user))
    Path("/proc/self/gid_map").write_bytes(b"%d %d 1" % (group, group))


def _die_with_parent() -> None:
    _check(_libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0))


def _build_a_world(office: Path) -> None:
    """Make a root of memory with the system's programs in it, and go there."""
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    root = Path("/tmp")  # noqa: S108 - only a place to mount on, which every system has
    _mount("tmpfs", str(root), "tmpfs", _NO_SUID | _NO_DEVICES, FILES)
    own = () if office.is_relative_to("/usr") else (str(office.parents[1]),)
    for place in (*SHOWN, *own, *DEVICES):
        _show(Path(place), root / place[1:])
    for name in ("tmp", "old", "proc"):
        (root / name).mkdir()
    # Of the processes in here; LibreOffice does not start without it.
    _mount("proc", str(root / "proc"), "proc", _NO_SUID | _NO_DEVICES)
    os.chdir(root)
    _check(_libc.syscall(_PIVOT_ROOT[platform.machine()], b".", b"old"))
    os.chdir("/")
    _check(_libc.umount2(b"/old", _DETACH))
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def _show(place: Path, there: Path) -> None:
    """Let a part of the system be seen in the new root, read-only."""
    if place.is_symlink():
        there.symlink_to(place.readlink())
    elif place.exists():
        there.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            there.mkdir()
        else:
            there.touch()
        _mount(str(place), str(there), None, _BIND | _RECURSIVE)
        if place.as_posix() not in DEVICES:
            _mount(None, str(there), None, _BIND | _REMOUNT | _READ_ONLY | _NO_SUID | _NO_DEVICES)


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    texts = [None if text is None else text.encode() for text in (source, target, kind)]
    _check(_libc.mount(*texts, ctypes.c_ulong(flags), data.encode()))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _converted(office: Path, ending: str, data: bytes) -> bytes:
    """Return the PDF file, empty where LibreOffice made none."""
    home = Path("/tmp")  # noqa: S108 - in the new root, which is of memory and nobody else's
    source = home / f"document.{ending}"
    source.write_bytes(data)
    words = ["--headless", "--norestore", "--nolockcheck", "-env:UserInstallation=file:///tmp/profile"]
    process = subprocess.Popen(
        [office, *words, "--convert-to", "pdf", "--outdir", home, source],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_limit,  # noqa: PLW1509 - this process has no threads
    )
    process.wait()
    return _made(source.with_suffix(".pdf"))


def _made(file: Path) -> bytes:
    """Return what was made, a byte more than may be if it is too large; who made it may be under another's control."""
    with suppress(OSError), os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as opened:
        return opened.read(MOST_PDF + 1)
    return b""


def _limit() -> None:
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: SECONDS,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: PROCESSES,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))


def _refused(error: OSError) -> NoReturn:
    print(f"No world of its own for LibreOffice: {error}", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    try:
        main()
    except OSError as refused:
        _refused(refused)
