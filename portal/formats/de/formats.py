"""How dates are written in German: 25. Nov. 2026, 14:06 UTC."""

from typing import Final

DATE_FORMAT: Final = "j. N Y"
DATETIME_FORMAT: Final = "j. N Y, H:i T"
MOMENT_FORMAT: Final = "j. N Y, H:i:s T"

DATE_INPUT_FORMATS: Final = ["%Y-%m-%d", "%d.%m.%Y"]
"""The first is how a form's date is written: a browser's date field knows no other, whatever its language."""
