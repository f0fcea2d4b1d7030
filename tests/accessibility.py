"""What axe-core finds wrong with a page, for who hears it, has a keyboard alone, or sees badly."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe()
CONTRAST = "color-contrast"  # the one rule whose answer is another in another theme
OF_WCAG = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {"label-content-name-mismatch": {"enabled": True}},  # a name holds what is seen
}


def faults(page: Page, place: str, options: dict[str, Any] = OF_WCAG) -> list[str]:
    """Each rule that is broken within `place`, and by what."""
    answer = AXE.run(page, place, {**options, "resultTypes": ["violations"]}).response
    return [
        f"{rule['id']}: {node['html']}" for rule in answer["violations"] for node in rule["nodes"]
    ]
