"""What every test gets."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import override_settings
from django.test.utils import setup_databases, teardown_databases
from django.utils import translation
from filelock import FileLock
from pytest_django.plugin import DjangoDbBlocker
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from portal import locations
from portal.runtime.supervisor.embedded import Services, throw_away_services
from tests.cast import Cast
from tests.fresh_cast import WholeCast, fresh_cast
from tests.running import free_port, up, walkable_folder

# What takes longest, by measure, starts first: whatever is long and starts last leaves the other processes idle.  The
# second and the third need no running installation, of which the first one makes the data.
FIRST = (
    "tests/journeys/",
    "tests/portal/runtime/test_bootstrap.py",
    "tests/isolation/",
    "tests/portal/web/contoso/",
    "tests/portal/web/test_journeys.py",
    "tests/portal/web/",
    "tests/portal/api/",
    "tests/portal/runtime/",
    "tests/interop/",
    "tests/protection/",
    "tests/portal/identity/",
    "tests/chancery/",
    "tests/audit/",
)
# What stays in one process although it is several files: each folder shares a running installation.
TOGETHER = ("tests/journeys/", "tests/portal/web/contoso/")


# Names the folder of a run that all its processes share.
SHARED = "SHARED_BY_ALL_PROCESSES"


def pytest_configure(config: pytest.Config) -> None:
    """Make the shared folder, unless this is one of several processes, and remove it when the run is over."""
    if SHARED not in os.environ:
        kept = ExitStack()
        os.environ[SHARED] = str(kept.enter_context(walkable_folder("shared")))
        kept.callback(os.environ.pop, SHARED)
        config.add_cleanup(kept.close)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first; the order inside a file stays."""
    items.sort(key=lambda item: next((place for place, what in enumerate(FIRST) if item.nodeid.startswith(what)), 99))


class FilesAndFolders(LoadScopeScheduling):
    """Hands whole files to the processes of a parallel run, and some folders as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        folder = next((folder for folder in TOGETHER if nodeid.startswith(folder)), None)
        return folder or super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    """Take the place of the library's way to keep files together."""
    return FilesAndFolders(config, log) if config.getvalue("dist") == "loadscope" else None


@pytest.fixture(scope="session", autouse=True)
def english_shell() -> Iterator[None]:
    """Let commands speak English, whatever the shell speaks in which the tests are run."""
    with pytest.MonkeyPatch.context() as shell:
        for name in ("LANGUAGE", "LC_MESSAGES", "LANG"):
            shell.delenv(name, raising=False)
        shell.setenv("LC_ALL", "C.UTF-8")
        yield


@pytest.fixture(scope="session", autouse=True)
def cache_of_one_s_own() -> Iterator[None]:
    """Give every process of a parallel run its own numbered Redis database: clearing a cache empties all of it."""
    number = 1 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    default = settings.CACHES["default"]
    mine = default | {"LOCATION": locations.cache_url(default["LOCATION"], number)}
    with override_settings(CACHES=settings.CACHES | {"default": mine}):
        yield


@pytest.fixture(scope="session", autouse=True)
def static_files_found_when_asked_for() -> Iterator[None]:
    """Spare every test client the reading of all static files, which took a fifth of the suite's time."""
    with override_settings(WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(scope="session", autouse=True)
def passwords_hashed_at_once() -> Iterator[None]:
    """Spare the tests the quarter of a second that hashing a password is meant to take."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def files_written_without_waiting_for_the_disk() -> Iterator[None]:
    """Spare the tests of this process the waiting for the disk: the machine does not lose its power in a test.

    Programs that tests start and kill wait as always.
    """
    with pytest.MonkeyPatch.context() as system:
        system.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Make the test database on demand, by the mark of a test or by a fixture that outlives one test."""
    with django_db_blocker.unblock():
        made = _database_of_this_process()
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


def _database_of_this_process() -> list[tuple[BaseDatabaseWrapper, str, bool]]:
    """Make the test database; in a parallel run the first process does, and copies it for all others."""
    before, own = connection.settings_dict["NAME"], connection.settings_dict["TEST"]["NAME"]
    with FileLock(Path(os.environ[SHARED], "databases.lock")):
        made = Path(os.environ[SHARED], "databases-made")
        if not made.exists():
            databases = setup_databases(verbosity=0, interactive=False, serialized_aliases=set())
            connection.close()
            _copy_for_the_others(own)
            made.touch()
            return databases
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = own
    return [(connection, before, True)]


def _copy_for_the_others(own: str) -> None:
    """Copy the database, which nobody uses yet, under the names that the other processes expect."""
    this = os.environ.get("PYTEST_XDIST_WORKER", "")
    others = [f"gw{number}" for number in range(int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))]
    with connection.creation._nodb_cursor() as cursor:
        for other in others:
            if this not in {"", other}:
                name = connection.ops.quote_name(own.removesuffix(this) + other)
                cursor.execute(f"create database {name} with template {connection.ops.quote_name(own)}")


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    """Take back the language that a request of the test has left in this thread, as the next request would."""
    with translation.override(settings.LANGUAGE_CODE, deactivate=True):
        yield


@pytest.fixture
def crash_services() -> Iterator[Services]:
    """Return a PostgreSQL and a Valkey of one's own, with full durability, to be killed at will."""
    with throw_away_services(hasty=False) as services:
        yield services


@pytest.fixture(scope="session")
def data_of_a_first_start() -> Path:
    """Return the data that a first start leaves, made once for all processes of a parallel run.

    Only copies of it are run: they need a third of the time to start.
    """
    folder = Path(os.environ[SHARED])
    with FileLock(folder / "lock"):
        if not (folder / "made").exists():
            with up(folder / "var", free_port()):
                pass
            (folder / "made").touch()
    return folder / "var"


@contextmanager
def copied(data: Path) -> Iterator[Path]:
    """Return a copy of an installation's data, gone afterwards."""
    with walkable_folder("copy") as folder:
        subprocess.run(["cp", "-a", data, folder / "var"], check=True)
        yield folder / "var"


@pytest.fixture(scope="module")
def unused_data(data_of_a_first_start: Path) -> Iterator[Path]:
    """Return the data of an installation with nobody in it, for one module alone."""
    with copied(data_of_a_first_start) as data:
        yield data


@pytest.fixture(scope="module")
def empty_cast(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cast]:
    """Return a cast without anybody in it yet, on a real database, gone at the module's end."""
    with django_db_blocker.unblock(), fresh_cast(tmp_path_factory.mktemp("cast")) as made:
        yield made


@pytest.fixture(scope="session")
def whole_cast(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> WholeCast:
    """Return the cast that is made once, for ``cast`` to copy."""
    with django_db_blocker.unblock():
        return WholeCast(tmp_path_factory.mktemp("whole-cast"))


@pytest.fixture(scope="module")
def cast(
    whole_cast: WholeCast, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cast]:
    """Return a copy of the whole cast, everybody signed in, gone at the module's end."""
    with django_db_blocker.unblock(), whole_cast.copied(tmp_path_factory.mktemp("cast")) as made:
        yield made
