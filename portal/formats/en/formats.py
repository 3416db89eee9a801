"""Dates in English: 25 Nov 2026, 14:06 UTC."""

from typing import Final

DATE_FORMAT: Final = "j M Y"
DATETIME_FORMAT: Final = "j M Y, H:i T"
MOMENT_FORMAT: Final = "j M Y, H:i:s T"
