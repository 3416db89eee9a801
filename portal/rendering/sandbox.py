"""The walls around what draws hostile documents: a process that can compute, read what it was given, and answer.

After ``lock_down`` the process can open no file and no socket, start no program, send no signal and grow no further:
the kernel refuses every system call but the few that computing takes (seccomp).  That needs no privilege and no
namespace, so it works in containers too; on a kernel without it nothing is drawn.  This module knows the standard
library only.
"""

import ctypes
import os
import platform
import pwd
import resource
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
"""Where the processes that are walled in are started."""

MEMORY: Final = 1024 * 1024 * 1024
"""Bytes of address space; the libraries take a twentieth of it."""
SECONDS: Final = 120
"""Seconds of processor time."""
LENT_ACCOUNT: Final = "nobody"

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_MODE_FILTER: Final = 2
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000 | 1  # The call fails with EPERM, "not permitted".

_LOAD: Final = 0x20  # BPF: load a word of the call's description
_JUMP_IF_EQUAL: Final = 0x15
_RETURN: Final = 0x06
_AT_NUMBER: Final = 0
_AT_ARCHITECTURE: Final = 4

_COMPUTING: Final[dict[str, tuple[int, int]]] = {
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "futex": (202, 98),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "getcpu": (309, 168),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "times": (100, 153),
    "getrandom": (318, 278),
    "restart_syscall": (219, 128),
    "rseq": (334, 293),
    "membarrier": (324, 283),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
"""What may still be asked of the kernel, and the number of each call on the machines below.

Mapping memory is among them, opening a file to map is not.
"""
_MACHINES: Final = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""By machine: the kernel's name for it, and which of the numbers are its own."""


class NoSandbox(Exception):
    """This kernel or machine cannot wall a process in, so nothing hostile may be drawn here."""


def is_possible() -> bool:
    """Tell whether this machine is of a kind on which documents can be drawn; ``lock_down`` finds out for sure."""
    return sys.platform == "linux" and platform.machine() in _MACHINES


def lock_down(*, seconds: int = SECONDS, memory: int = MEMORY) -> None:
    """Wall this process in for the rest of its life, and make sure that it is.  Raises NoSandbox.

    Everything that is needed has been imported and read before.
    """
    if not is_possible():
        raise NoSandbox
    libc = ctypes.CDLL(None, use_errno=True)
    os.chdir("/")
    become_nobody()
    _limit(seconds, memory)
    # A change of account clears what the kernel was asked before it.
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise NoSandbox
    code = _program()
    instructions = ctypes.create_string_buffer(code, len(code))
    described = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(instructions)))
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, described, 0, 0) != 0:
        raise NoSandbox
    _make_sure()


def _limit(seconds: int, memory: int) -> None:
    """Set limits that hold even where a filter had a hole: no file grows, no process begins, no core is written."""
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: 3,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))


def become_nobody() -> None:
    """Give up root, where the operator runs the service as root."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam(LENT_ACCOUNT)
        os.setgroups([])
        os.setresgid(nobody.pw_gid, nobody.pw_gid, nobody.pw_gid)
        os.setresuid(nobody.pw_uid, nobody.pw_uid, nobody.pw_uid)


def _program() -> bytes:
    """Return the filter: another machine's calls and all that are not named are refused."""
    architecture, column = _MACHINES[platform.machine()]
    allowed = [numbers[column] for numbers in _COMPUTING.values()]
    refuse_at = 3 + len(allowed)
    lines = [
        (_LOAD, 0, 0, _AT_ARCHITECTURE),
        (_JUMP_IF_EQUAL, 0, refuse_at - 2, architecture),
        (_LOAD, 0, 0, _AT_NUMBER),
        *((_JUMP_IF_EQUAL, len(allowed) - place, 0, number) for place, number in enumerate(allowed)),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *line) for line in lines)


def _make_sure() -> None:
    """Try what must not work any more.  Raises NoSandbox."""
    for attempt in (lambda: os.open("/", os.O_RDONLY), socket.socket, os.fork):
        try:
            attempt()
        except OSError:
            continue
        raise NoSandbox
