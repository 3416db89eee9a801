"""Plain things to compare with, measured in the same run on the same machine."""

import shutil
import subprocess
import time
from typing import Final
from urllib.parse import parse_qs, urlsplit

from chancery.crypto.envelope import seal
from chancery.crypto.keys import EncryptionPrivateKey
from chancery.crypto.suites import MLKEM768_X25519
from portal.development.bench.figures import Line
from portal.development.bench.stack import Stack

_INSERT: Final = "insert into bench_commit (id) values (gen_random_uuid());\n"
_SECONDS: Final = 0.5


def durable_commits(stack: Stack, connections: int, seconds: float) -> float:
    """Return how many one-row transactions the same database makes durable each second."""
    program = stack.services.database.what.binaries / "pgbench"
    script = stack.folder / "insert.sql"
    script.write_text(_INSERT, encoding="utf-8")
    with stack.connect() as connection:
        connection.execute("create table if not exists bench_commit (id uuid primary key)")
    address = urlsplit(stack.services.environment["DATABASE_URL"])
    folder = parse_qs(address.query)["host"][0]
    command = [str(program), "-n", "-M", "prepared", "-c", str(connections), "-j", "2", "-T", str(max(1, int(seconds)))]
    command += ["-f", str(script), "-h", folder, "-U", str(address.username), address.path.lstrip("/")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rates = [line for line in done.stdout.splitlines() if line.startswith("tps = ")]
    return float(rates[0].split()[2]) if rates else float("nan")


def hpke_seals() -> float:
    """Return how many content keys one core seals to devices each second, one by one."""
    public = EncryptionPrivateKey.generate(MLKEM768_X25519).public
    end, count = time.perf_counter() + _SECONDS, 0
    while time.perf_counter() < end:
        seal(public, bytes(32), b"bench")
        count += 1
    return count / _SECONDS


def lines() -> list[Line]:
    """Return what this machine does without Chancery: signatures and hashes by OpenSSL, where it is installed."""
    program = shutil.which("openssl")
    if program is None:
        return []
    found = []
    for algorithm, name in (("rsa2048", "RSA-2048 private operations"), ("ed25519", "Ed25519 signatures")):
        rate = _signatures(program, algorithm)
        if rate:
            found.append(Line(f"openssl: {name}, one core", rate, "/s"))
    return found


def _signatures(program: str, algorithm: str) -> float:
    """Read the rate out of ``openssl speed``'s table, whose last column but one is signatures each second."""
    command = [program, "speed", "-seconds", "1", algorithm]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    table = [line.split() for line in done.stdout.splitlines() if "bits" in line and "sign" not in line]
    try:
        return float(table[-1][-2])
    except (IndexError, ValueError):
        return 0.0
