"""Each kind of failure ends with the code that the handbook's table gives it."""

import re
from pathlib import Path

import pytest

from chancery.cli.exit_codes import INTERRUPTED, exit_code
from chancery.errors import ChanceryError, InvalidFile
from chancery.sdk.errors import (
    LocalFailure,
    Misused,
    NotSignedIn,
    OutputFailed,
    Refused,
    ServiceError,
    Unreachable,
)
from chancery.sdk.http import decoded

HANDBOOK = Path(__file__).parents[3] / "docs/handbook/commands.md"


def answered(status: int, body: bytes = b"{}") -> ChanceryError:
    """Return the error that the client makes of an answer."""
    with pytest.raises(ChanceryError) as raised:
        decoded(status, body, "contoso.example")
    return raised.value


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused("no", reason="revoked"), 1),
        (answered(403), 1),
        (Misused("no"), 2),
        (answered(400, b'{"code": "invalid", "detail": "The request is not valid."}'), 2),
        (answered(400, b'{"code": "justification_needed"}'), 2),
        (InvalidFile("no"), 3),
        (Unreachable("no"), 4),
        (answered(429), 4),
        (answered(503), 4),
        (NotSignedIn("no"), 5),
        (answered(401), 5),
        (answered(404), 5),
        (answered(409), 5),
        (answered(422), 5),
        (ServiceError("no", problem="conflict", status=409), 5),
        (LocalFailure("no"), 5),
        (OutputFailed("no"), 6),
    ],
)
def test_an_error_has_the_code_of_its_kind(error: ChanceryError, code: int) -> None:
    assert exit_code(error) == code


def test_the_handbook_explains_every_code() -> None:
    rows = re.findall(r"^\| (\d+) \|", HANDBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(row) for row in rows] == [0, 1, 2, 3, 4, 5, 6, INTERRUPTED]
