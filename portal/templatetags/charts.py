"""Charts as drawings inside the page, with the numbers in a table; every template has them without loading them."""

from collections.abc import Sequence
from typing import Any, Final

from django import template

from protection.selectors.totals import Day

register = template.Library()

STEP: Final = 20
"""Width of one day in the drawing's own units; its bar leaves a gap."""
HEIGHT: Final = 120


@register.inclusion_tag("components/daily_chart.html")
def daily_chart(days: Sequence[Day]) -> dict[str, Any]:
    """Draw openings and, above them, refusals of each day as bars."""
    most = max((day.opened + day.refused for day in days), default=0) or 1
    bars = []
    for number, day in enumerate(days):
        opened, refused = (round(HEIGHT * count / most) for count in (day.opened, day.refused))
        bars.append(
            {
                "x": number * STEP,
                "y": HEIGHT - opened,
                "opened": opened,
                "refused_y": HEIGHT - opened - refused,
                "refused": refused,
            }
        )
    return {
        "bars": bars,
        "most": most,
        "width": len(days) * STEP,
        "height": HEIGHT,
        "first": days[0].day,
        "last": days[-1].day,
        "days": [day for day in days if day.opened or day.refused],
    }
