"""What a process remembers for seconds must not outlive the rows of one test."""

from collections.abc import Iterator

import pytest

from portal.identity import tokens
from tenants.organizations import hosts


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Forget hosts and tokens around every test."""
    hosts.forget()
    tokens.forget()
    yield
    hosts.forget()
    tokens.forget()
