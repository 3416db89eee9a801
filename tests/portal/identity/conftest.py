"""What a process remembers for seconds must not outlive the rows of one test."""

from collections.abc import Iterator

import pytest

from portal.identity import tokens
from tenants.organizations.selectors import forget_hosts


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Forget hosts and tokens around every test."""
    forget_hosts()
    tokens.forget()
    yield
    forget_hosts()
    tokens.forget()
