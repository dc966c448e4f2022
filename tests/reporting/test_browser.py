"""A report in a browser: every chart drawn, nothing asked for, nothing cut off on a phone."""

import shutil
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.notebook]

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
DRAWN = "[...document.querySelectorAll('figure.chart')].filter((one) => one.dataset.drawn).length"


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def report(rendered: list[Path]) -> Path:
    return rendered[2]


def opened(browser, report: Path, *, width: int, scheme: str):
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, is_mobile=width < 500
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda asked: (
            None
            if asked.url == report.as_uri() or asked.url.startswith(("data:", "blob:"))
            else complaints.append(asked.url)
        ),
    )
    page.goto(report.as_uri())
    expected = page.evaluate("document.querySelectorAll('figure.chart').length")
    for _ in range(300):
        if page.evaluate(DRAWN) == expected:
            break
        page.wait_for_timeout(100)
    return page, complaints, expected


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_every_chart_is_drawn_and_nothing_is_asked_for_or_cut_off(
    browser, report, width, scheme
) -> None:
    page, complaints, expected = opened(browser, report, width=width, scheme=scheme)
    assert expected == 10
    assert page.evaluate(DRAWN) == expected
    assert page.evaluate("document.querySelectorAll('.plot .main-svg').length") >= expected
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    drawn = page.evaluate("[...document.querySelectorAll('.plot')].map((one) => one.textContent)")
    assert any("<script>alert" in text for text in drawn)
    page.context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_data_quality_page_is_not_cut_off(browser, rendered, width) -> None:
    page, complaints, expected = opened(browser, rendered[1], width=width, scheme="light")
    assert expected == page.evaluate(DRAWN) == 1
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Its findings fit their box without being scrolled, on a screen as on a phone.
    boxes = "[...document.querySelectorAll('.table-box:has(table.cards)')]"
    cut = f"{boxes}.filter((box) => box.scrollWidth > box.clientWidth + 1).length"
    assert page.evaluate(cut) == 0
    page.context.close()


def test_charts_follow_the_colour_scheme_and_print_in_light(browser, report) -> None:
    page, _, _ = opened(browser, report, width=1280, scheme="dark")
    ground = "getComputedStyle(document.querySelector('.plot .main-svg')).backgroundColor"
    assert page.evaluate(ground) == "rgb(17, 23, 29)"
    page.emulate_media(color_scheme="light")
    page.wait_for_timeout(300)
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(300)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(ground) == "rgb(17, 23, 29)"
    page.context.close()
