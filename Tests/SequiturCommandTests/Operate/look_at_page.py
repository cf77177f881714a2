"""Looks at a page in headless Chromium, and says what a person would see.

usage: look_at_page.py URL [--shots DIRECTORY] [--expect TEXT]

Waits until the page shows TEXT (default: "ready"), then prints one JSON object: the text that is shown, console errors,
requests to other places than URL, how wide the page is at 360 pixels, and what the Tab key reaches. With --shots it
writes wide.png, dark.png and narrow.png. Speaks the DevTools protocol through two pipes, so that it needs no library.
"""

import argparse, base64, json, os, pathlib, select, subprocess, sys, tempfile, time


class Browser:
    def __init__(self, profile):
        to_browser, self.writing = os.pipe()
        self.reading, from_browser = os.pipe()
        flags = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--hide-scrollbars",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            f"--user-data-dir={profile}", "about:blank",
        ]
        # The browser reads commands from descriptor 3 and writes to 4.
        shell = f'exec chromium "$@" 3<&{to_browser} 4>&{from_browser}'
        self.process = subprocess.Popen(
            ["bash", "-c", shell, "chromium", *flags], pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(to_browser)
        os.close(from_browser)
        self.number, self.buffer, self.events, self.session = 0, b"", [], None

    def receive(self, seconds):
        while b"\0" not in self.buffer:
            if not select.select([self.reading], [], [], seconds)[0]:
                raise TimeoutError("the browser says nothing")
            part = os.read(self.reading, 1 << 16)
            if not part:
                raise EOFError("the browser has ended")
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, seconds=60, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.writing, json.dumps(request).encode() + b"\0")
        while True:
            message = self.receive(seconds)
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")


def wait_for(browser, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not browser.evaluate(what):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} does not hold: {browser.evaluate('document.body.innerText')}")
        time.sleep(0.1)


def shoot(browser, path, width, height, dark):
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
    browser.call(
        "Emulation.setEmulatedMedia",
        features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
    time.sleep(1.2)  # Until the next event has drawn the page in its new size.
    shot = browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=False)
    path.write_bytes(base64.b64decode(shot["data"]))


def look(browser, options):
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Network", "Log"):
        browser.call(f"{domain}.enable")
    browser.call("Page.navigate", url=options.url)
    wait_for(browser, f"document.body && document.body.innerText.includes({json.dumps(options.expect)})")
    wait_for(browser, "document.querySelectorAll('svg').length >= 4")
    if options.shots:
        shots = pathlib.Path(options.shots)
        shots.mkdir(parents=True, exist_ok=True)
        shoot(browser, shots / "wide.png", 1200, 1250, False)
        shoot(browser, shots / "dark.png", 1200, 1250, True)
        shoot(browser, shots / "narrow.png", 360, 1600, False)
    browser.call("Emulation.setDeviceMetricsOverride", width=360, height=800, deviceScaleFactor=1, mobile=False)
    width = browser.evaluate("document.documentElement.scrollWidth")
    reached = []
    for _ in range(30):
        for kind in ("keyDown", "keyUp"):
            browser.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        reached.append(browser.evaluate("document.activeElement.textContent.trim().slice(0, 40)"))
    text = browser.evaluate("document.body.innerText")
    errors, elsewhere = [], []
    for event in browser.events:
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            errors.append(parameters["exceptionDetails"]["text"])
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            errors.append(parameters["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and parameters["type"] == "error":
            errors.append(str(parameters["args"]))
        elif method == "Network.requestWillBeSent":
            url = parameters["request"]["url"]
            if not url.startswith(options.url) and not url.startswith("data:"):
                elsewhere.append(url)
    return {"text": text, "errors": errors, "elsewhere": elsewhere, "width": width, "reached": reached}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--shots")
    parser.add_argument("--expect", default="ready")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            json.dump(look(browser, options), sys.stdout)
        finally:
            os.killpg(browser.process.pid, 9)
            browser.process.wait()


if __name__ == "__main__":
    main()
