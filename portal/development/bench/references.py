"""Plain things to compare with, measured in the same run on the same machine."""

import shutil
import subprocess
import time
from typing import Final
from urllib.parse import parse_qs, urlsplit

from portal.development.bench.stack import Stack
from protection.crypto.envelope import seal
from protection.crypto.keys import EncryptionPrivateKey
from protection.crypto.suites import MLKEM768_X25519

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


def hpke_opens() -> float:
    """Return how many content keys one core seals to devices each second, one by one."""
    public = EncryptionPrivateKey.generate(MLKEM768_X25519).public
    end, count = time.perf_counter() + _SECONDS, 0
    while time.perf_counter() < end:
        seal(public, bytes(32), b"bench")
        count += 1
    return count / _SECONDS


def openssl_speed(algorithm: str) -> dict[str, float]:
    """Return signatures and verifications (or hashes) each second by ``openssl speed``, nothing without OpenSSL."""
    program = shutil.which("openssl")
    if program is None:
        return {}
    command = [program, "speed", "-mr", "-seconds", "1", algorithm]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        fields = line.split(":")
        if fields[0] in {"+F2", "+F5", "+F6"}:
            return {"sign": 1 / float(fields[-2]) if float(fields[-2]) else 0.0}
    return {}
