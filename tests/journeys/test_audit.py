"""The audit: each page, once in the real browser, in every language, at two sizes, light and dark.

What is true of every page is checked here, all of it at that one opening. To hold pages to more,
add a check (`OF_A_LOOK` or `OF_AN_OPENING`), not another walk.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright import sync_api as playwright
from playwright.sync_api import Page, Response, expect

from explorer.base import language
from explorer.ui.entries import PAGES, Entry
from tests import accessibility
from tests.conftest import settled

pytestmark = pytest.mark.browser

WIDE, NARROW = (1366, 768), (390, 844)
LOOKS = ((WIDE, "light"), (WIDE, "dark"), (NARROW, "dark"), (NARROW, "light"))
PICTURE_FIRST = {
    "convolution", "edge-kernel", "padding-stride", "pooling", "receptive-field", "batch-norm",
    "blocks",
}  # fmt: skip
PATIENCE = 5000  # milliseconds until a page has drawn itself anew at another size
MOST_SHIFT = 0.1  # more is felt, says web.dev/articles/cls
DRAWING = ".stBidiComponent:not([data-drawn])"
# How far what is seen has moved by itself, summed as the Layout Instability API measures it.
ADD_UP_SHIFTS = """
    window.shift = 0
    new PerformanceObserver(list => {
        for (const each of list.getEntries()) if (!each.hadRecentInput) window.shift += each.value
    }).observe({ type: 'layout-shift', buffered: true })"""


@dataclass
class Opening:
    """A page that is open, and what its browser has asked for and was told."""

    page: Page
    host: str
    hosts: set[str] = field(default_factory=set)  # hosts
    shifts: dict[tuple[int, int], float] = field(default_factory=dict)  # by the window's size
    console: list[str] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.add_init_script(ADD_UP_SHIFTS)
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.page.on("websocket", lambda socket: self.hosts.add(urlsplit(socket.url).netloc))
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.console.append(f"Error: {error}"))
        self.page.on("response", lambda each: self.answers.append(each))  # noqa: PLW0108 (no builtin)

    def load(self, address: str, size: tuple[int, int]) -> None:
        """Open the page in a window of this size (width, height), and see what moves meanwhile."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.page.goto(address)
        settled(self.page)
        self.page.wait_for_selector(DRAWING, state="detached")
        self.shifts[size] = self.page.evaluate("shift")


# Each check returns what is wrong; nothing is.


def own_host_alone(opening: Opening) -> list[str]:
    return sorted(opening.hosts - {opening.host, ""})  # "" is data: and blob:


def content_policy_kept(opening: Opening) -> list[str]:
    return [line for line in opening.console if "Security Policy" in line]


def no_script_fails(opening: Opening) -> list[str]:
    return [line for line in opening.console if line.startswith(("Error: ", "Uncaught"))]


def assets_kept_for_good(opening: Opening) -> list[str]:
    ours = [each for each in opening.answers if urlsplit(each.url).path.startswith("/assets/")]
    return [each.url for each in ours if "immutable" not in each.headers.get("cache-control", "")]


def one_title(opening: Opening) -> list[str]:
    titles = opening.page.get_by_test_id("stMain").locator("h1").all_inner_texts()
    named = opening.page.title().endswith("Convscope")
    return [] if len(titles) == 1 and titles[0] and named else [opening.page.title(), *titles]


def no_apology(opening: Opening) -> list[str]:
    broken = opening.page.get_by_test_id("stException").all_inner_texts()
    sorry = opening.page.get_by_text("Something went wrong on this page").all_inner_texts()
    return [*broken, *sorry]


CONTROL = "button|link|textbox|spinbutton|slider|combobox|checkbox|radio|switch|tab|searchbox"
NAMELESS = re.compile(rf'^\s*- (?:{CONTROL})\b(?! ").*$', re.MULTILINE)


def every_control_named(opening: Opening) -> list[str]:
    """As one hears it who does not see it: the browser's own computation of roles and names."""
    return NAMELESS.findall(opening.page.get_by_test_id("stApp").aria_snapshot())


def nothing_moves(opening: Opening) -> list[str]:
    too_far = {size: shift for size, shift in opening.shifts.items() if shift >= MOST_SHIFT}
    return [f"{width} × {height}: {shift:.2f}" for (width, height), shift in too_far.items()]


MAIN = "[data-testid=stMain]"  # the sidebar is Streamlit's own


def nothing_for_axe(opening: Opening) -> list[str]:
    its_code = 'scrollable-region-focusable: <pre class="st-'  # Streamlit's own, too
    every = accessibility.faults(opening.page, MAIN)
    return [fault for fault in every if not fault.startswith(its_code)]


def contrast_in_the_dark(opening: Opening) -> list[str]:
    opening.page.emulate_media(color_scheme="dark")
    opening.page.wait_for_function(OF_A_LOOK["theme_obeyed"], timeout=PATIENCE)
    return accessibility.faults(opening.page, MAIN, {"runOnly": [accessibility.CONTRAST]})


OF_AN_OPENING: tuple[Callable[[Opening], list[str]], ...] = (
    own_host_alone,
    content_policy_kept,
    no_script_fails,
    assets_kept_for_good,
    one_title,
    no_apology,
    every_control_named,
    nothing_moves,
    nothing_for_axe,
    contrast_in_the_dark,
)
# The page, and every board on it.
ROOTS = """[document, ...[...document.querySelectorAll('.stBidiComponent *')]
            .flatMap(each => each.shadowRoot ?? [])]"""
# Becomes true, soon after a page was given another size or theme.
OF_A_LOOK: Mapping[str, str] = {
    "no_overflow": "document.documentElement.scrollWidth <= innerWidth",
    "theme_obeyed": """
        (app => {
            const bright = colour => colour.match(/[0-9.]+/g).slice(0, 3).reduce((a, b) => +a + +b)
            const dark = matchMedia('(prefers-color-scheme: dark)').matches
            return (bright(app.backgroundColor) < bright(app.color)) === dark
        })(getComputedStyle(document.querySelector('[data-testid=stApp]')))""",
    # Plotly's tool bar and legends lie over nothing, nor over each other.
    "charts_uncovered": """
        [...document.querySelectorAll('.js-plotly-plot')].every(chart => {
            const boxes = kind => [...chart.querySelectorAll(kind)]
                .map(each => each.getBoundingClientRect()).filter(box => box.width)
            const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
                && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1
            const [bars, legends, axes] = ['.modebar', '.legend .bg', '.nsewdrag'].map(boxes)
            return ![...bars, ...legends].some(box => axes.some(each => over(box, each)))
                && !bars.some(box => legends.some(each => over(box, each)))
        })""",
    # What goes on below its edge says so, where no scroll bar is seen.
    "lists_go_on": f"""
        {ROOTS}.slice(1).flatMap(root => [...root.querySelectorAll('*')])
            .filter(list => /auto|scroll/.test(getComputedStyle(list).overflowY))
            .filter(list => list.scrollHeight > list.clientHeight + 4)
            .every(list => getComputedStyle(list).maskImage !== 'none')""",
    # On a projector no table hides a column.
    "tables_whole": f"""
        innerWidth < {WIDE[0]} || {ROOTS}.flatMap(root => [...root.querySelectorAll('table')])
            .every(({{ parentElement: frame }}) => frame.scrollWidth <= frame.clientWidth + 1)""",
    # On a phone a picture stands before its controls, and no lower than half of the screen.
    "picture_first": """
        (both => {
            if (!both) return true
            const [controls, picture] = [...both.children].map(e => e.getBoundingClientRect().top)
            return innerWidth > 640 ? controls < picture : picture < controls && picture < 422
        })(document.querySelector('.st-key-picture_first'))""",
    # and what acts on the picture is on the screen with it.
    "controls_in_sight": """
        (controls => {
            if (!controls || innerWidth > 640) return true
            const { top, bottom, height } = controls.getBoundingClientRect()
            return top > 0 && bottom <= innerHeight + 1 && height < innerHeight / 2
        })(document.querySelector('.st-key-picture_first > :first-child'))""",
}


def wrong(opening: Opening) -> Iterator[tuple[str, Any]]:
    """Every check that finds something, and what it finds."""
    for (width, height), theme in LOOKS:
        opening.page.set_viewport_size({"width": width, "height": height})
        opening.page.emulate_media(color_scheme=theme)
        for name, true in OF_A_LOOK.items():
            try:
                opening.page.wait_for_function(true, timeout=PATIENCE)
            except playwright.TimeoutError:
                yield name, f"{width} × {height}, {theme}"
    for check in OF_AN_OPENING:
        if faults := check(opening):
            yield check.__name__, faults


@pytest.mark.parametrize("code", language.available())
@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.url or "home")
def test_what_is_true_of_every_page(app_server: str, page: Page, entry: Entry, code: str) -> None:
    opening = Opening(page, urlsplit(app_server).netloc)
    for size in (NARROW, WIDE):
        opening.load(f"{app_server}/{entry.url}?language={code}", size)
    pictures = page.locator(".st-key-picture_first")
    expect(pictures).to_have_count(int(entry.url in PICTURE_FIRST))
    assert not dict(wrong(opening))


# -- that the checks see what is wrong ---------------------------------------------------------

FAULTS: Mapping[str, str] = {
    "content_policy_kept": "fetch('http://127.0.0.2:9/').catch(() => 0)",
    "no_script_fails": "setTimeout(() => { throw new Error('lost') })",
    "assets_kept_for_good": "fetch('/assets/0123456789ab/explorer/ui/assets/logo.svg')",
    "one_title": "main.append(document.createElement('h1'))",
    "no_apology": "main.append('Something went wrong on this page')",
    "every_control_named": "main.append(document.createElement('button'))",
    "nothing_moves": "main.style.marginTop = '300px'",
    "nothing_for_axe": "main.insertAdjacentHTML('beforeend',"
    "'<button aria-label=\"something else\">what is seen</button>')",
    "contrast_in_the_dark": "main.insertAdjacentHTML('beforeend',"
    "'<p style=\"color: #777; background: #888\">grey</p>')",
    "no_overflow": "document.body.append(wide)",
    "charts_uncovered": """main.insertAdjacentHTML('beforeend', `<div class="js-plotly-plot">
        <p class="modebar">bar</p><p class="nsewdrag" style="margin-top: -20px">and</p></div>`)""",
    "lists_go_on": """hero.insertAdjacentHTML('beforeend',
        '<div style="height: 20px; overflow: auto"><p style="height: 90px">list</p></div>')""",
    "tables_whole": """main.insertAdjacentHTML('beforeend',
        '<div style="width: 9px; overflow: auto"><table><td>unbreakable</table></div>')""",
    "picture_first": "main.insertAdjacentHTML('beforeend',"
    "'<div class=\"st-key-picture_first\"><p>controls</p><p>picture</p></div>')",
    "controls_in_sight": "main.lastElementChild.firstElementChild.style.position = 'static'",
    "theme_obeyed": "app.style.backgroundColor = 'rgb(120, 120, 120)',"
    "app.style.color = matchMedia('(prefers-color-scheme: dark)').matches ? 'black' : 'white'",
}


def test_every_check_finds_its_fault(
    app_server: str, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not another host: the policy keeps a request to one from being made at all."""
    monkeypatch.setattr(sys.modules[__name__], "PATIENCE", 200)
    opening = Opening(page, urlsplit(app_server).netloc)
    opening.load(app_server, WIDE)
    page.evaluate(
        """faults => {
            const app = document.querySelector('[data-testid=stApp]')
            const main = document.querySelector('[data-testid=stMain]')
            const hero = [...document.querySelectorAll('.stBidiComponent *')]
                .find(each => each.shadowRoot).shadowRoot.querySelector('.hero')
            const wide = Object.assign(document.createElement('div'), { textContent: 'wide' })
            wide.style.cssText = 'width: 3000px; height: 1px; position: absolute'
            for (const fault of faults) eval(fault)
        }""",
        [*FAULTS.values()],
    )
    page.wait_for_function(f"shift > {MOST_SHIFT}")
    opening.shifts[WIDE] = page.evaluate("shift")
    assert {name for name, _ in wrong(opening)} == FAULTS.keys()
