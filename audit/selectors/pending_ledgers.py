"""Which ledgers have something to do, asked for many organizations at once."""

from collections.abc import Iterable
from typing import Final

from audit.selectors.schemas import schemas_where

_UNSEALED: Final = """
exists (select from {schema}.audit_reportedevent)
    or (select transaction from {schema}.audit_event order by transaction desc limit 1)
        >= (select horizon::text::xid8 from {schema}.audit_ledger order by epoch desc limit 1)
"""
"""The newest transaction is read off the end of its index; ``exists`` would read the table in hope of an early hit."""


def unsealed(schemas: Iterable[str]) -> set[str]:
    """Return those of the schemas whose inbox holds reports or whose ledger has events without a number."""
    return set(schemas_where(_UNSEALED, schemas))
