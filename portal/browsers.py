"""Browsers by the names that people know, from how they describe themselves."""

from typing import Final

BROWSERS: Final = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
"""By their own description; the earlier ones also call themselves by later names."""
SYSTEMS: Final = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def browser_in_words(description: str) -> str:
    """Return the names of browser and system, or the whole description where it has neither."""
    found = [next((name for sign, name in names.items() if sign in description), None) for names in (BROWSERS, SYSTEMS)]
    return ", ".join(name for name in found if name) or description
