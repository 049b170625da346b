"""Find a Chromium for the browser tests, or install one: Debian's where apt is there, Playwright's elsewhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find() -> str | None:
    """The path of a browser that is there, the one named by FAIRCUT_CHROMIUM first."""
    if named := os.environ.get("FAIRCUT_CHROMIUM"):
        return named
    return next((path for name in NAMES if (path := shutil.which(name))), None) or _playwrights_own()


def install() -> None:
    """Install a browser, with Debian's package manager where we may use it."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=True, stdout=subprocess.DEVNULL)
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - starts a driver process; only if nothing else is there

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return str(path) if path.exists() else None


if __name__ == "__main__":
    if find() is None:
        print("No Chromium found: installing one for the browser tests …", flush=True)  # noqa: T201
        install()
    if find() is None:
        sys.exit("No Chromium could be installed. Install one by hand and name it in FAIRCUT_CHROMIUM.")
