"""A real OpenLDAP, started for the tests of one file with a folder, a certificate and entries of its own."""

import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from portal.development.test import DIRECTORY_SERVER
from portal.ldap.connection import Target
from tests.directory_server.certificates import Authority, Signed
from tests.running import free_port

BASE: Final = "dc=contoso,dc=example"
ADMIN: Final = f"cn=admin,{BASE}"
READER: Final = f"cn=reader,{BASE}"
PASSWORD: Final = "a word for tests"
_SECONDS: Final = 30.0
_CONFIGURATION: Final = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
database mdb
maxsize 1073741824
suffix "{base}"
rootdn "{admin}"
rootpw "{password}"
directory {folder}/data
dbnosync
index objectClass,entryUUID eq
index entryCSN,modifyTimestamp eq
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * none
limits dn.exact="{reader}" size.prtotal={most} size.pr=1000
"""


@dataclass
class DirectoryServer:
    """One running server; ``target`` is where it is asked with ldaps."""

    process: "subprocess.Popen[bytes]"
    port: int
    secure_port: int
    folder: Path
    authority: str
    log: list[str] = field(default_factory=list)

    @property
    def target(self) -> Target:
        """Return where it is."""
        return Target("localhost", self.secure_port, "ldaps", self.authority)

    @property
    def starttls(self) -> Target:
        """Return where it is asked with StartTLS."""
        return Target("localhost", self.port, "starttls", self.authority)

    def modify(self, *records: str) -> None:
        """Carry out changes in LDIF.  A password is only in the process's arguments of a test."""
        text = "\n\n".join(records) + "\n"
        command = ["ldapmodify", "-x", "-H", f"ldap://127.0.0.1:{self.port}", "-D", ADMIN, "-w", PASSWORD]
        done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr).decode()


def entry(name: str, **attributes: str | Iterable[str]) -> str:
    """Return an entry in LDIF."""
    lines = [f"dn: {name}"]
    for attribute, values in attributes.items():
        lines += [f"{attribute}: {value}" for value in ([values] if isinstance(values, str) else values)]
    return "\n".join(lines)


def person(uid: str, **attributes: str | Iterable[str]) -> str:
    """Return a person with an address at contoso.example."""
    plain: Mapping[str, str] = {"cn": uid, "sn": uid, "mail": f"{uid}@contoso.example"}
    return entry(f"uid={uid},ou=people,{BASE}", objectClass="inetOrgPerson", **{**plain, **attributes})


def group(name: str, *members: str) -> str:
    """Return a group; members are names of entries."""
    return entry(f"cn={name},ou=groups,{BASE}", objectClass="groupOfNames", cn=name, member=members or (ADMIN,))


def person_name(uid: str) -> str:
    """Return the distinguished name of a person."""
    return f"uid={uid},ou=people,{BASE}"


def group_name(name: str) -> str:
    """Return the distinguished name of a group."""
    return f"cn={name},ou=groups,{BASE}"


def tree() -> list[str]:
    """Return the entries that every server has: folders, and the account that reads."""
    return [
        entry(BASE, objectClass=("dcObject", "organization"), o="Contoso", dc="contoso"),
        *(entry(f"ou={one},{BASE}", objectClass="organizationalUnit", ou=one) for one in ("people", "groups")),
        entry(READER, objectClass=("organizationalRole", "simpleSecurityObject"), cn="reader", userPassword=PASSWORD),
    ]


@contextmanager
def running(
    folder: Path, entries: Iterable[str], *, signed: Signed | None = None, most: str = "unlimited"
) -> Iterator[DirectoryServer]:
    """Run OpenLDAP with entries in LDIF, of which at most ``most`` are found; without it tests are left out, loudly."""
    program = DIRECTORY_SERVER.program
    if not program:
        pytest.skip("OpenLDAP is missing: python3 manage.py test --install installs slapd and ldap-utils")
    signed = Authority().sign(folder / "tls") if signed is None else signed
    (folder / "data").mkdir(parents=True)
    configuration = folder / "slapd.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            certificate=signed.certificate,
            key=signed.key,
            folder=folder,
            base=BASE,
            admin=ADMIN,
            reader=READER,
            password=PASSWORD,
            most=most,
        ),
        encoding="utf-8",
    )
    loaded = folder / "entries.ldif"
    loaded.write_text("\n\n".join([*tree(), *entries]) + "\n", encoding="utf-8")
    adding = [program, "-Ta", "-q", "-f", str(configuration), "-l", str(loaded)]
    done = subprocess.run(adding, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    port, secure = free_port(), free_port()
    urls = f"ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{secure}/"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "-d", "0", "-h", urls, "-f", str(configuration)], stdout=log, stderr=log)
    try:
        _wait(process, secure, folder)
        yield DirectoryServer(process, port, secure, folder, signed.authority.read_text(encoding="utf-8"))
    finally:
        process.terminate()
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise AssertionError((folder / "log").read_text())
