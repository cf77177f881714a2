"""Uses the gateway's page in headless Chromium as a person would, with the keyboard.

usage: use_gateway_page.py URL [DIRECTORY]

Sends a command that is valid, one that is rejected and one for an object that is not there, looks an object up, and prints
one JSON object: what the page said each time, its events, console errors, requests to other places than URL, how wide the page
is at 360 pixels, and what the Tab key reaches. With DIRECTORY it writes wide.png, dark.png and narrow.png.
"""

import json
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Operate"))
sys.dont_write_bytecode = True
from look_at_page import Browser, shoot, wait_for  # noqa: E402


def key(browser, name, code, text=None):
    for kind in ("keyDown", "keyUp"):
        extra = {"text": text} if text and kind == "keyDown" else {}
        browser.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, **extra)


def fill(browser, selector, text):
    browser.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
    browser.evaluate("document.activeElement.select && document.activeElement.select()")
    browser.call("Input.insertText", text=text)


def send(browser, name, command, fields, expected):
    fill(browser, "#key", name)
    browser.evaluate(
        f"document.querySelector('#type').value = {json.dumps(command)};"
        "document.querySelector('#type').dispatchEvent(new Event('change'))")
    for field, value in fields.items():
        fill(browser, f"#fields input[name={field}]", value)
    browser.evaluate("document.querySelector('#outcome').replaceChildren(); document.querySelector('#key').focus()")
    key(browser, "Enter", 13, "\r")
    wait_for(browser, f"document.querySelector('#outcome').innerText.includes({json.dumps(expected)})", 90)
    return browser.evaluate("document.querySelector('#outcome').innerText")


def use(browser, url, shots):
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Network", "Log"):
        browser.call(f"{domain}.enable")
    browser.call("Page.navigate", url=url)
    wait_for(browser, "document.querySelector('#live') && document.querySelector('#live').innerText === 'live'")
    wait_for(browser, "document.querySelectorAll('#type option').length > 0")
    said = {
        "valid": send(browser, "o/<1>", "create", {"total": "9007199254740993"}, "valid"),
        "invalid": send(browser, "o/<1>", "create", {"total": "5"}, "409"),
        "missing": send(browser, "nobody", "pay", {}, "404"),
        "refused": send(browser, "o/<1>", "amend", {"total": "many"}, "422"),
    }
    wait_for(browser, "document.querySelectorAll('#events li').length >= 1")
    fill(browser, "#looked", "o/<1>")
    key(browser, "Enter", 13, "\r")
    wait_for(browser, "document.querySelector('#state').innerText.length > 0")
    said["object"] = browser.evaluate("document.querySelector('#state').innerText")
    said["events"] = browser.evaluate("document.querySelector('#events').innerText")
    if shots:
        shots = pathlib.Path(shots)
        shots.mkdir(parents=True, exist_ok=True)
        shoot(browser, shots / "wide.png", 1200, 800, False)
        shoot(browser, shots / "dark.png", 1200, 800, True)
        shoot(browser, shots / "narrow.png", 360, 1300, False)
    browser.call("Emulation.setDeviceMetricsOverride", width=360, height=800, deviceScaleFactor=1, mobile=False)
    said["width"] = browser.evaluate("document.documentElement.scrollWidth")
    browser.evaluate("document.activeElement.blur()")
    said["reached"] = []
    for _ in range(14):
        key(browser, "Tab", 9)
        said["reached"].append(browser.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    said["errors"], said["elsewhere"] = [], []
    for event in browser.events:
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            said["errors"].append(parameters["exceptionDetails"]["text"])
        elif method == "Network.requestWillBeSent":
            asked = parameters["request"]["url"]
            if not asked.startswith(url) and not asked.startswith("data:"):
                said["elsewhere"].append(asked)
    return said


def main():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            json.dump(use(browser, sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None), sys.stdout)
        finally:
            os.killpg(browser.process.pid, 9)
            browser.process.wait()


main()
