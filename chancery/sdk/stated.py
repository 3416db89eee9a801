"""What a program says of itself when it asks for a license."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chancery.policy.programs import Program, enforced_by
from chancery.policy.rights import Right, in_order
from chancery.version import VERSION


@dataclass(frozen=True, slots=True)
class Stated:
    """What a program says of itself when it asks for a license: its name, and what it withholds (docs/protocol.md P23).

    ``enforces`` are the rights that it really withholds from people who were not granted them; the service records it,
    and a policy can ask for it.
    """

    program: str
    enforces: frozenset[Right]

    def as_json(self) -> dict[str, Any]:
        """Return the members that go into the request."""
        return {"program": self.program, "enforces": in_order(self.enforces)}

    def keeps_to(self, obligations: Mapping[str, Any]) -> bool:
        """Tell whether the program does all that a license demands of it; what is not known to it, it does not."""
        return set(obligations) <= {"withhold"} and set(obligations.get("withhold", ())) <= self.enforces


THIS_LIBRARY: Final = Stated(f"chancery {VERSION}", enforced_by(Program.LIBRARY))
"""What programs say of themselves that say nothing else."""
