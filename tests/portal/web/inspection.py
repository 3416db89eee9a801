"""What must hold for every page, whatever is on it."""

from typing import Any, Final, Literal

from axe_playwright_python.sync_playwright import Axe

from tests.portal.web.visitor import Visitor

LOOKS: Final[tuple[tuple[int, Literal["light", "dark"]], ...]] = ((1280, "light"), (360, "dark"))
"""Colors depend on the scheme alone and sizes on the width alone, so that two looks show every rule of both."""
# Only violations are read, and by their HTML: not to describe what was found in order saves a quarter of the work.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    "selectors": False,
}
MOST_BYTES = 100 * 1024
SCRIPT = Axe().axe_script
RUN = "rules => axe.run(document, rules).then(found => found.violations)"


def faults(visitor: Visitor, address: str, *, status: int = 200) -> list[str]:
    """Load a page and return everything that is wrong with it."""
    answer = visitor.go(address)
    page, found = visitor.page, []
    if answer.status != status:
        found.append(f"{address} answers {answer.status}")
    if len(answer.body()) > MOST_BYTES:
        found.append(f"{address} has {len(answer.body())} bytes")
    if page.locator("html").get_attribute("lang") != "en":
        found.append(f"{address} does not say its language")
    if page.locator("h1").count() != 1:
        found.append(f"{address} has {page.locator('h1').count()} first headings")
    return found + faults_here(visitor, address)


def faults_here(visitor: Visitor, address: str) -> list[str]:
    """Return what is wrong with the page as it is now, after a script has changed it."""
    page, found = visitor.page, []
    page.evaluate(SCRIPT)
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{address} scrolls sideways at {width}")
        found += [f"{address} {width} {scheme}: {said(one)}" for one in page.evaluate(RUN, RULES)]
    return found


def said(violation: dict[str, Any]) -> str:
    """Return what axe says of one rule, and where it is broken."""
    return f"{violation['id']} at {[node['html'][:120] for node in violation['nodes'][:3]]}"
