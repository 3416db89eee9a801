"""How dates are written in English: 25 Nov 2026, 14:06 UTC.

Templates name the format: ``date:"DATE_FORMAT"``, ``date:"DATETIME_FORMAT"``, and ``date:"MOMENT_FORMAT"`` where
seconds matter.  Django finds the module of the reader's language; what it does not say is as Django has it.
"""

from typing import Final

DATE_FORMAT: Final = "j M Y"
DATETIME_FORMAT: Final = "j M Y, H:i T"
MOMENT_FORMAT: Final = "j M Y, H:i:s T"
