"""A browser of this machine, where there is one."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

# Chromium heeds only the last switch of its kind, so Playwright's own are here again.
LEFT_OUT_BY_PLAYWRIGHT = (
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
# Pages of their own for an address bar that nobody sees: more than half the processor time of each page.
ADDRESS_BAR = ("WebUIOmniboxAimPopup", "WebUIOmniboxPopup")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Skips the test, and says why, where no Chromium can be had."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on the PATH (apt-get install chromium)")
    arguments = [f"--disable-features={','.join((*LEFT_OUT_BY_PLAYWRIGHT, *ADDRESS_BAR))}"]
    if os.geteuid() == 0:  # as continuous integration; Chromium's own sandbox cannot be set up by it
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=program, args=arguments)
        except Error as failure:
            pytest.skip(f"no browser: {program} does not start: {failure.message.splitlines()[0]}")
        yield browser
        browser.close()
