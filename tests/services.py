"""A pytest plugin: the whole session runs against its own PostgreSQL and Valkey, started here and gone afterwards.

It has to be a plugin and not a ``conftest.py``, because Django's settings are read before any ``conftest.py`` is,
and they read the addresses from the environment.
"""

import os
import re
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from portal.runtime.supervisor.embedded import throw_away_services

# Tests that need neither; a run of these alone starts nothing.
SELF_SUFFICIENT = re.compile(r"tests/(architecture|interop|portal/runtime|chancery/(policy|test_\w+\.py))(/|::|$)")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Start the services unless an outer session did, or the caller brought a database along."""
    arguments = [str(argument) for argument in early_config.known_args_namespace.file_or_dir]
    if "DATABASE_URL" not in os.environ:
        stack = ExitStack()
        early_config.add_cleanup(stack.close)
        if arguments and all(SELF_SUFFICIENT.search(argument) for argument in arguments):
            os.environ["CHANCERY_MODE"] = "embedded"
        else:
            os.environ |= stack.enter_context(throw_away_services()).environment
    return (yield)
