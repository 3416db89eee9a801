"""Everything the environment can say, declared once.

Configuration that fails loudly is configuration that can be trusted: a variable is read only through the four readers
below, only when it is declared here, and a value that cannot be understood stops the program with a sentence that
names the variable.  ``docs/configuration.md`` repeats this table and a test compares the two.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """How the text of a variable is understood."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    SECRET = "secret"  # noqa: S105 - the name of a kind, not a secret


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the environment: its name, its kind, the value when nobody sets it, and what it means."""

    name: str
    kind: Kind
    default: str
    meaning: str


class EnvironmentRefused(Exception):
    """A variable is undeclared or holds a value that cannot be understood."""


VARIABLES: tuple[Variable, ...] = (
    Variable("CHANCERY_APPROVER_DAYS", Kind.NUMBER, "7",
             "For how many days a person who added another, or gave a role, counts as one with them when a change"
             " gives either of them access."),
    Variable("CHANCERY_BASE_URL", Kind.TEXT, "http://localhost:8000",
             "Where sign-in, the issuer and sign-up live; organizations live on hosts under its host name."),
    Variable("CHANCERY_BROWSER_HOURS", Kind.NUMBER, "168",
             "How many hours after signing in a browser is signed out, at most; organizations only shorten it."),
    Variable("CHANCERY_BROWSER_IDLE_MINUTES", Kind.NUMBER, "10080",
             "After how many minutes without use a browser is signed out, at most; organizations only shorten it."),
    Variable("CHANCERY_DATA", Kind.TEXT, "var",
             "Folder for what the service keeps on disk; in the embedded mode also databases and secrets."),
    Variable("CHANCERY_DATABASE_POOL", Kind.NUMBER, "0",
             "Size of the connection pool in each web process; 0 keeps one lasting connection in each thread."),
    Variable("CHANCERY_DATABASE_ROLE", Kind.TEXT, "",
             "Database role that web and worker connections take on; required for them in production."),
    Variable("CHANCERY_DNS_RESOLVERS", Kind.TEXT, "",
             "IP addresses of the resolvers that are asked for mail domains, separated by spaces, each with :port where"
             " it is not 53. All of them have to see the record. When empty, the machine's own resolvers are asked."),
    Variable("CHANCERY_HEARTBEATS", Kind.TEXT, "",
             "Folder in which each process touches a file every two seconds; the supervisor of the embedded mode sets"
             " it."),
    Variable("CHANCERY_HOMES", Kind.FLAG, "yes",
             "Whether people whose mail domain names another installation as their home sign in there, and come here"
             " without an account of their own."),
    Variable("CHANCERY_INDIVIDUALS", Kind.NUMBER, "1000",
             "How many organizations this installation makes for people whose own one is not here: one for each mail"
             " domain, one for each person of a public mail domain; 0 makes none."),
    Variable("CHANCERY_KEYRING", Kind.TEXT, "",
             "Folder of the organizations' key-encryption keys, shared by all processes and backed up apart from the"
             " database; when empty, keyring under CHANCERY_DATA."),
    Variable("CHANCERY_LOG_LEVEL", Kind.TEXT, "INFO",
             "Least important level that is logged: DEBUG, INFO, WARNING or ERROR."),
    Variable("CHANCERY_LDAP_NETWORKS", Kind.TEXT, "",
             "Networks whose directory servers organizations may connect, as 10.1.0.0/16, separated by commas; when"
             " empty none, and any in the embedded mode."),
    Variable("CHANCERY_MAIL_FROM", Kind.TEXT, "",
             "Sender of every mail; when empty, chancery@ followed by the host of the base URL."),
    Variable("CHANCERY_MAIL_HOST", Kind.TEXT, "",
             "Mail server; required in production, unused in the embedded mode, which keeps mail in an outbox."),
    Variable("CHANCERY_MAIL_PASSWORD", Kind.SECRET, "", "Password for the mail server."),
    Variable("CHANCERY_MAIL_PORT", Kind.NUMBER, "587", "Port of the mail server."),
    Variable("CHANCERY_MAIL_SECURITY", Kind.TEXT, "starttls", "starttls, tls or none."),
    Variable("CHANCERY_MAIL_USER", Kind.TEXT, "", "Name to sign in with at the mail server."),
    Variable("CHANCERY_MODE", Kind.TEXT, "production",
             "embedded for the single-machine start by manage.py up; production refuses unsafe settings."),
    Variable("CHANCERY_NAME", Kind.TEXT, "Chancery", "Name of the installation on its pages and in its mail."),
    Variable("CHANCERY_OPEN_SIGNUP", Kind.FLAG, "no",
             "Whether anybody with a proven address may create an organization; always on in the embedded mode."),
    Variable("CHANCERY_PROGRAM_DAYS", Kind.NUMBER, "365",
             "How many days after signing in a command line or another program has to sign in again, at most;"
             " organizations only shorten it."),
    Variable("CHANCERY_PROGRAM_IDLE_DAYS", Kind.NUMBER, "90",
             "After how many days without use such a program has to sign in again, at most; organizations only shorten"
             " it."),
    Variable("CHANCERY_PROVISIONING_LEAST", Kind.NUMBER, "20",
             "How many people a provisioning connection may disable or delete within an hour in any case."),
    Variable("CHANCERY_PROVISIONING_PERCENT", Kind.NUMBER, "10",
             "How many percent of the members a provisioning connection may disable or delete within an hour; the"
             " next one stops it until an administrator lets it go on."),
    Variable("CHANCERY_PUBLIC_MAIL_DOMAINS", Kind.TEXT, "",
             "Further mail domains in which anybody can have an address, separated by commas; the usual ones are"
             " known."),
    Variable("CHANCERY_REQUESTS_PER_SECOND", Kind.NUMBER, "200",
             "How many API requests one person may make each second, in each web process; ten seconds' worth at once."),
    Variable("CHANCERY_ROOT_KEY", Kind.SECRET, "",
             "32 random bytes in base64url; every key in the database is sealed under it. Losing it loses everything."),
    Variable("CHANCERY_SECRET_KEY", Kind.SECRET, "",
             "At least 50 random characters; signs sessions and one-time links."),
    Variable("CHANCERY_SIGN_ON_PRIVATE_NETWORKS", Kind.FLAG, "no",
             "Whether identity providers of single sign-on may be in private networks; embedded installations ask them"
             " anywhere."),
    Variable("CHANCERY_TRUSTED_PROXIES", Kind.NUMBER, "0",
             "How many proxies in front are trusted for the client's address; 0 trusts none."),
    Variable("CHANCERY_VIEWER_MEGABYTES", Kind.NUMBER, "32",
             "Size of the largest protected file that is shown where a policy is viewer only; 0 shows none."),
    Variable("DATABASE_URL", Kind.SECRET, "",
             "PostgreSQL, as postgresql://user:password@host:port/name; a socket folder goes into ?host=."
             " Its `wal_level` is not `minimal`."),
    Variable("REDIS_URL", Kind.SECRET, "",
             "Redis or Valkey, as redis://host:port/0, rediss://…, or unix:///path/redis.sock?db=0."),
)  # fmt: skip

_DECLARED: Mapping[str, Variable] = {variable.name: variable for variable in VARIABLES}
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


def _declared(name: str, kind: Kind) -> Variable:
    variable = _DECLARED.get(name)
    if variable is None or variable.kind is not kind:
        raise EnvironmentRefused(f"{name} is not declared as {kind} in portal/env.py.")
    return variable


def text(name: str) -> str:
    """Return the variable without surrounding white space."""
    return os.environ.get(name, _declared(name, Kind.TEXT).default).strip()


def number(name: str) -> int:
    """Return the variable as a whole number that is not negative."""
    written = os.environ.get(name, _declared(name, Kind.NUMBER).default).strip()
    if not (written.isascii() and written.isdigit()):
        raise EnvironmentRefused(f"{name} must be a whole number, not {written!r}.")
    return int(written)


def flag(name: str) -> bool:
    """Return the variable as yes or no; anything that is neither is refused rather than guessed."""
    written = os.environ.get(name, _declared(name, Kind.FLAG).default).strip().lower()
    if written not in _TRUE | _FALSE:
        raise EnvironmentRefused(f"{name} must be one of yes, no, true, false, on, off, 1, 0, not {written!r}.")
    return written in _TRUE


def secret(name: str) -> str:
    """Return a secret from the variable, or from the file that ``NAME_FILE`` points to.

    Mounted files are how container platforms hand out secrets.  Both at once is refused, since nobody could tell
    which one is in force.
    """
    variable = _declared(name, Kind.SECRET)
    path = os.environ.get(f"{name}_FILE", "").strip()
    if path and os.environ.get(name):
        raise EnvironmentRefused(f"Set either {name} or {name}_FILE, not both.")
    if not path:
        return os.environ.get(name, variable.default).strip()
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise EnvironmentRefused(f"{name}_FILE points to {path}, which cannot be read: {error.strerror}.") from error
