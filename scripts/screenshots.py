"""Take the picture of the demo page, docs/serve.png, of a pipeline (the pretrained one).

    python scripts/screenshots.py MODEL [--folder docs] [--all]

MODEL is the name of an installed package, or a folder. --all takes it and pages of `visualize` on desktop and phone,
light and dark, to look at. Needs /usr/bin/chromium and /usr/bin/chromedriver (.ci/browser installs them), and the
extras serve and test.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import spacy
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from spacy.tokens import Doc, DocBin

from spacy_hmtl.visualize import render

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "assets" / "demo" / "sample.txt"
DEV = ROOT / "corpus" / "demo" / "dev.spacy"
DESKTOP, PHONE = (1200, 900), (390, 844)


def main() -> None:
    """Read the arguments, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs")
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary, browser() as driver, server(arguments.model) as address:
        pages = write_pages(arguments.model, Path(temporary)) if arguments.all else {}
        for name, url in {**pages, "serve": address}.items():
            looks = [("", DESKTOP, "light")]
            if arguments.all:
                looks += [("-phone", PHONE, "light"), ("-dark", DESKTOP, "dark"), ("-phone-dark", PHONE, "dark")]
            for suffix, size, scheme in looks:
                path = arguments.folder / f"{name}{suffix}.png"
                take(driver, url, path, size, scheme)
                print(path)


def write_pages(model: str, folder: Path) -> dict[str, str]:
    """Pages by name: the sample, and development documents beside their gold annotation."""
    nlp = spacy.load(model)
    pages = {"demo": render([nlp(SAMPLE.read_text(encoding="utf-8").strip())])}
    if DEV.exists():
        gold = list(DocBin().from_disk(DEV).get_docs(nlp.vocab))[:6]
        found = [nlp(Doc(nlp.vocab, [t.text for t in doc], [bool(t.whitespace_) for t in doc])) for doc in gold]
        pages["gold"] = render(found, gold=gold, left_out=24)
    urls = {}
    for name, page in pages.items():
        path = folder / f"{name}.html"
        path.write_text(page, encoding="utf-8")
        urls[name] = path.as_uri()
    return urls


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """A browser without a window."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in ("headless", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "hide-scrollbars"):
        options.add_argument(f"--{flag}")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    try:
        yield driver
    finally:
        driver.quit()


@contextmanager
def server(model: str) -> Iterator[str]:
    """A server of the pipeline, until the pictures are taken."""
    command = [sys.executable, "-u", "-m", "spacy_hmtl", "serve", model, "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        lines = iter(process.stdout or [])
        # Colours of the terminal stand around it.
        yield next(found[0] for found in (re.search(r"http://[\d.:]+/", line) for line in lines) if found)
    finally:
        process.terminate()
        process.wait()


def take(driver: webdriver.Chrome, url: str, path: Path, size: tuple[int, int], scheme: str) -> None:
    """One picture of a whole page, up to three screens long."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.get(url)
    if url.startswith("http"):
        WebDriverWait(driver, 60).until(lambda d: d.find_elements(By.CSS_SELECTOR, '[data-task="coref"] .box'))
    height = min(int(driver.execute_script("return document.documentElement.scrollHeight")), 3 * size[1])
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {**metrics, "height": height})
    time.sleep(0.3)  # style changes fade
    driver.save_screenshot(str(path))


if __name__ == "__main__":
    main()
