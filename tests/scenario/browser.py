"""A headless Chromium, led over WebDriver through Debian's `chromedriver`: what a person sees and presses."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # W3C WebDriver, 12.1: the key of a reference to an element
AXE = Path(__file__).parents[2] / "local" / "axe" / "node_modules" / "axe-core" / "axe.min.js"


def missing() -> str:
    """What is missing for these tests; empty when a browser can be led."""
    absent = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return f"not on the PATH: {', '.join(absent)}" if absent else ""


class Browser:
    """One window."""

    def __init__(self, session: str) -> None:
        self._session = session

    def go(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        self._call("POST", "url", url=url)

    def text(self, css: str = "body") -> str:
        """What a person reads in an element."""
        return str(self._call("GET", f"element/{self._find(css)}/text"))

    def press(self, css: str) -> None:
        """Click."""
        self._call("POST", f"element/{self._find(css)}/click")

    def send(self, css: str) -> None:
        """Click what leads to another page, and wait for that page."""
        self.run("window.isOld = true; 0")
        self.press(css)
        deadline = time.monotonic() + 20
        while self.run("Boolean(window.isOld) || document.readyState !== 'complete'"):
            assert time.monotonic() < deadline, f"{css} led nowhere"
            time.sleep(0.05)

    def type(self, css: str, text: str) -> None:
        """Write into a field."""
        self._call("POST", f"element/{self._find(css)}/value", text=text)

    def has(self, css: str) -> bool:
        """Whether there is such an element."""
        return bool(self._call("POST", "elements", using="css selector", value=css))

    @property
    def path(self) -> str:
        """The path of the page, without its host."""
        return re.sub(r"^https?://[^/]+", "", str(self._call("GET", "url")))

    def run(self, script: str) -> Any:
        """What a script returns that runs beside the page, whatever the page's policy."""
        told = self.devtools("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def screen(self, width: int, height: int, *, dark: bool = False, phone: bool = False) -> None:
        """Be a screen of that size in pixels."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.devtools("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, place: Path) -> None:
        """Take a picture of the whole page as PNG."""
        deadline = time.monotonic() + 20
        while not self._has_width():  # a new size of the screen takes a moment on a busy machine
            assert time.monotonic() < deadline, "the page never got a width"
            time.sleep(0.05)
        told = self.devtools("Page.captureScreenshot", captureBeyondViewport=True)
        place.write_bytes(base64.b64decode(told["data"]))

    def faults_of_access(self) -> list[str]:
        """What axe finds against WCAG 2.1 AA and good practice: rule, help, places."""
        self.run(AXE.read_text(encoding="utf-8") + ";0")
        found = self.run("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
        return [f"{v['id']}: {v['help']}: {[n['target'] for n in v['nodes']][:3]}" for v in found]

    def devtools(self, command: str, **params: Any) -> Any:
        """A command of the DevTools protocol."""
        return self._call("POST", "goog/cdp/execute", cmd=command, params=params)

    def _has_width(self) -> bool:
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        return bool(size["width"] and size["height"])

    def _find(self, css: str) -> str:
        return str(self._call("POST", "element", using="css selector", value=css)[_ELEMENT])

    def _call(self, method: str, path: str, **body: Any) -> Any:
        answer = requests.request(
            method, f"{self._session}/{path}", json=body if method == "POST" else None, timeout=60
        )
        told = answer.json()["value"]
        assert answer.ok, told
        return told


@contextmanager
def opened() -> Iterator[Browser]:
    """A fresh browser without history, ended at the end."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    command = [str(shutil.which("chromedriver")), "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=kept) as driver:
        try:
            assert driver.stdout
            lines = (re.search(r"successfully on port (\d+)", line) for line in driver.stdout)
            port = next(found[1] for found in lines if found)
            yield from _session(f"http://127.0.0.1:{port}")
        finally:
            driver.terminate()


def _session(driver: str) -> Iterator[Browser]:
    arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
    options = {"binary": shutil.which("chromium"), "args": arguments}
    wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
    told = requests.post(f"{driver}/session", json=wanted, timeout=60).json()["value"]
    assert "sessionId" in told, told
    session = f"{driver}/session/{told['sessionId']}"
    try:
        yield Browser(session)
    finally:
        requests.delete(session, timeout=30)
