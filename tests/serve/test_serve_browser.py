"""The demo page in a real browser: typing, four panels, chains that light up, shared links, hostile texts."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait
from serve.serving import EVIL

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = (
    "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking "
    "disable-component-update disable-sync disable-dev-shm-usage window-size=1280,900"
)
PANELS = ("ner", "emd", "coref", "relation")

pytestmark = pytest.mark.skipif(
    not (CHROMIUM.exists() and DRIVER.exists()), reason="no /usr/bin/chromium and /usr/bin/chromedriver"
)


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in FLAGS.split():
        options.add_argument(f"--{flag}")
    profile = tmp_path_factory.mktemp("profile")
    options.add_argument(f"--user-data-dir={profile}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    found.set_page_load_timeout(60)
    yield found
    found.quit()
    shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture
def page(driver, url):
    """The page, open and ready; at the end the browser must have nothing to complain about."""
    driver.get_log("browser")
    yield Page(driver, url).open("")
    assert driver.get_log("browser") == []


class Page:
    def __init__(self, driver, url):
        self.driver, self.url = driver, url

    def open(self, query):
        self.driver.get(self.url + query)
        self.wait(lambda: self.find("#model option"))
        return self

    def find(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css):
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def wait(self, condition):
        return WebDriverWait(self.driver, 30, poll_frequency=0.05).until(lambda _: condition())

    def type(self, text):
        self.one("#text").clear()
        self.one("#text").send_keys(text)
        self.wait_for(text)

    def wait_for(self, text):
        """Until the panels show this text."""
        self.wait(lambda: (self.one("#panels").get_attribute("data-shown") or "") == text)

    def panel(self, task):
        return self.one(f'[data-task="{task}"] .body').text

    def lit(self):
        return [element.text for element in self.find('[data-task="coref"] .box.on')]


@pytest.fixture(scope="module")
def text(texts):
    """One that the tiny pipeline was trained on."""
    return texts[1].strip()


def test_typing_fills_four_panels(page, text):
    page.type(text)
    for task in PANELS:
        assert text.split()[0] in page.panel(task)
    assert page.find('[data-task="ner"] .box.name')
    assert page.find('[data-task="emd"] .box.mention')
    assert page.find('[data-task="coref"] .box.chain')
    assert page.find('[data-task="relation"] svg .arc')
    assert "token" in page.one("#status").text
    # Colours came through although the page forbids inline styles.
    box = page.one('[data-task="coref"] .box.chain')
    assert box.value_of_css_property("background-color") not in ("rgba(0, 0, 0, 0)", "transparent")


def test_pointing_at_a_mention_lights_up_its_chain(page, text):
    page.type(text)
    first = page.one('[data-task="coref"] .box.chain')
    chain = page.find(f'[data-task="coref"] .box[data-chain="{first.get_attribute("data-chain")}"]')
    assert len(chain) > 1
    assert page.lit() == []
    ActionChains(page.driver).move_to_element(first).perform()
    page.wait(page.lit)
    assert page.lit() == [element.text for element in chain]
    ActionChains(page.driver).move_to_element(page.one("h1")).perform()
    page.wait(lambda: not page.lit())


def test_a_shared_link_shows_its_text_with_its_model(page, text):
    Select(page.one("#model")).select_by_value("second")
    page.type(text)
    link = page.driver.current_url
    assert parse_qs(urlsplit(link).query) == {"text": [text], "model": ["second"]}
    page.driver.get("about:blank")
    page.driver.get(link)
    page.wait_for(text)
    assert page.one("#text").get_attribute("value") == text
    assert Select(page.one("#model")).first_selected_option.get_attribute("value") == "second"
    assert text.split()[0] in page.panel("ner")


def test_the_page_opens_with_an_example_under_a_plain_address(page):
    example = page.one(".examples button").get_attribute("data-text")
    page.wait_for(example)
    assert page.one("#text").get_property("value") == example
    assert page.driver.current_url == page.url


def test_an_example_is_one_click_away(page):
    button = page.find(".examples button")[1]
    button.click()
    page.wait_for(button.get_attribute("data-text"))
    assert all(page.panel(task) for task in PANELS)


def test_an_emptied_text_empties_the_panels(page, text):
    page.type(text)
    page.one("#text").clear()
    page.one("#text").send_keys(" ")
    page.wait(lambda: page.one("#panels").get_attribute("data-shown") == "")
    assert [page.panel(task) for task in PANELS] == ["", "", "", ""]
    assert not page.one("#problem").is_displayed()


def test_a_hostile_text_is_only_shown(page):
    page.open("?text=" + quote(EVIL))
    page.wait_for(EVIL)
    for task in PANELS:
        assert "<script>window.hit=1</script>" in page.panel(task)
        assert not page.find(f'[data-task="{task}"] :is(script, img)')
    assert page.driver.execute_script("return window.hit") is None


def test_only_the_answer_to_the_last_text_is_shown(page, text):
    # The first answer is held back until after the second one.
    page.driver.execute_script(
        """
        var real = window.fetch, n = 0;
        window.fetch = function (address, options) {
          n += 1;
          var own = Object.assign({}, options, { signal: undefined }), answer = real(address, own);
          return n === 1 ? answer.then(function (r) {
            return new Promise(function (done) { setTimeout(function () { window.late = true; done(r); }, 800); });
          }) : answer;
        };
        """
    )
    page.one("#text").send_keys("Anna Keller left Oslo.")
    time.sleep(0.4)
    page.one("#text").clear()
    page.one("#text").send_keys(text)
    page.wait_for(text)
    page.wait(lambda: page.driver.execute_script("return window.late"))
    time.sleep(0.2)
    assert "Keller" not in page.panel("ner")
    assert text.split()[0] in page.panel("ner")


def test_a_text_that_is_too_long_is_explained(driver, url):
    page = Page(driver, url).open("")
    driver.execute_script(
        "var t = document.getElementById('text'); t.value = 'word '.repeat(9000); t.dispatchEvent(new Event('input'))"
    )
    page.wait(lambda: page.one("#problem").is_displayed())
    assert "20,000 bytes" in page.one("#problem").text
    assert driver.current_url == url
    driver.get_log("browser")  # the browser itself notes the status 413


def test_a_phone_needs_no_sideways_scrolling(page, text):
    page.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 375, "height": 800, "deviceScaleFactor": 2, "mobile": True}
    )
    try:
        page.type(text)
        width = page.driver.execute_script("return document.documentElement.scrollWidth")
        assert width <= 375
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_documentation_shows_the_api(driver, url):
    driver.get_log("browser")
    page = Page(driver, url)
    driver.get(url + "docs")
    page.wait(lambda: page.find("[data-ready]"))
    assert "POST /api/annotate" in page.one("main").text
    assert f"curl {url}api/annotate" in page.one("main").text
    assert driver.get_log("browser") == []
