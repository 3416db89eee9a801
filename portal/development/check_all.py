"""``manage.py check_all``: every check that is not a test, one table at the end."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from portal.development import lock
from portal.runtime.bootstrap.environment import ROOT
from portal.runtime.supervisor.embedded import throw_away_services

PACKAGES = ("portal", "protection", "tenants", "audit", "chancery", "tests")
TAIL_LINES = 60


@dataclass(frozen=True)
class Result:
    """How one check went."""

    name: str
    passed: bool
    seconds: float
    output: str


def main(arguments: Sequence[str]) -> int:
    """Run all checks, print what failed and a table, and return 0 when all passed."""
    if arguments:
        print("usage: manage.py check_all", file=sys.stderr)
        return 2
    began = time.monotonic()
    # The check of types takes as long as all others together, and one processor.
    with ThreadPoolExecutor(1) as beside:
        types = beside.submit(_timed, "types (mypy --strict)", _types)
        results = [_timed(name, check) for name, check in _checks().items()]
        results.append(types.result())
    _print_table(results, time.monotonic() - began)
    return 0 if all(result.passed for result in results) else 1


def _checks() -> Mapping[str, Callable[[], tuple[bool, str]]]:
    python = sys.executable
    return {
        "ruff check": lambda: _run([python, "-m", "ruff", "check", "."]),
        "ruff format": lambda: _run([python, "-m", "ruff", "format", "--check", "."]),
        "import contracts": lambda: _run([_beside_python("lint-imports"), "--no-cache"]),
        "templates": _templates,
        "locks": _locks,
        "translations": lambda: _run([python, "-m", "portal.development.catalogs", "--check"]),
        "settings (check --deploy)": _deploy,
        "migrations": _migrations,
    }


def _timed(name: str, check: Callable[[], tuple[bool, str]]) -> Result:
    began = time.monotonic()
    print(f"· {name} …", flush=True)
    passed, output = check()
    result = Result(name, passed, time.monotonic() - began, output)
    if not passed:
        print("\n".join(output.splitlines()[-TAIL_LINES:]), flush=True)
    return result


def _run(command: Sequence[str], extra: Mapping[str, str] | None = None) -> tuple[bool, str]:
    """Run a program and return whether it succeeded, with all it said."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(extra or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return done.returncode == 0, done.stdout


def _beside_python(program: str) -> str:
    return os.path.join(os.path.dirname(sys.executable), program)  # noqa: PTH118, PTH120 - resolve() would leave the venv


def _types() -> tuple[bool, str]:
    return _run([sys.executable, "-m", "mypy"], _production())


def _templates() -> tuple[bool, str]:
    """Lint the templates; without any there is nothing to say."""
    if not any((ROOT / "templates").rglob("*.html")):
        return True, ""
    return _run([sys.executable, "-m", "djlint", "templates", "--lint", "--quiet"])


def _locks() -> tuple[bool, str]:
    stale = lock.stale()
    hosts = [path.name for path in lock.SELECTIONS if "://" in path.read_text(encoding="utf-8")]
    problems = [f"{name} is older than pyproject.toml: python3 manage.py lock" for name in stale]
    problems += [f"{name} names a host" for name in hosts]
    return not problems, "\n".join(problems)


def _deploy() -> tuple[bool, str]:
    """Check the settings as a production installation would have them; a warning fails."""
    command = [sys.executable, "-W", "error", "-m", "portal", "check", "--deploy", "--fail-level", "WARNING"]
    with throw_away_services() as services:
        urls = {name: services.environment[name] for name in ("DATABASE_URL", "REDIS_URL")}
        return _run(command, {**_production(), **urls})


def _migrations() -> tuple[bool, str]:
    command = [sys.executable, "-m", "portal", "makemigrations", "--check", "--dry-run"]
    with throw_away_services() as services:
        return _run(command, services.environment)


def _production() -> dict[str, str]:
    """Return the environment of an imaginary production installation; its secrets live as long as the check."""
    return {
        "CHANCERY_MODE": "production",
        "CHANCERY_BASE_URL": "https://chancery.example",
        "CHANCERY_SECRET_KEY": secrets.token_urlsafe(48),
        "CHANCERY_ROOT_KEY": secrets.token_urlsafe(32),
        "CHANCERY_DATABASE_ROLE": "chancery_app",
        "CHANCERY_MAIL_HOST": "mail.chancery.example",
        "DATABASE_URL": "postgresql://chancery@localhost/chancery",
        "REDIS_URL": "redis://localhost:6379/0",
    }


def _print_table(results: Sequence[Result], seconds: float) -> None:
    width = max(len(result.name) for result in results)
    print()
    for result in results:
        print(f"{result.name:<{width}}  {'passed' if result.passed else 'FAILED':<6}  {result.seconds:6.1f} s")
    failed = [result.name for result in results if not result.passed]
    print(f"\n{'FAILED: ' + ', '.join(failed) if failed else 'All checks passed'} in {seconds:.1f} s")
