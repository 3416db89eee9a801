"""Names that only the service gives: schemas and short names."""

import pytest

from tenants import naming
from tenants.backend.base import is_schema_name, new_schema_name


def test_schema_names_are_generated() -> None:
    assert new_schema_name(lambda size: b"\0" * size) == "org_aaaaaaaaaaaaaaaa"
    name = new_schema_name()
    assert is_schema_name(name)
    assert not is_schema_name("org_contoso")
    assert not is_schema_name(f"{name}; drop schema public")
    assert not is_schema_name(f"{name}\n")


@pytest.mark.parametrize("written", ["admin", "ab", "-abc", "abc-", "a--b", "über", "1abc", "a" * 41, "a.b"])
def test_bad_short_names_are_refused(written: str) -> None:
    with pytest.raises(naming.NameRefused):
        naming.slug(written)


@pytest.mark.parametrize("written", ["contoso", "Contoso", "a-b-c", "abc", "a1b2"])
def test_good_short_names(written: str) -> None:
    assert naming.slug(written) == written.lower()
