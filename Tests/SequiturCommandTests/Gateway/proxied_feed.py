"""Reads a gateway's feed through a proxy, and checks it against the topic. Knows nothing of the engine.

    proxied_feed.py pages URL BOOTSTRAP VALID PARTITIONS   every page, by its links from the first one on, twice: the second time a
                                                           cache may answer; equal to the topic's committed events
    proxied_feed.py listen URL COUNT                       EventSource in headless Chromium: prints "open" when it listens, then the
                                                           keys of COUNT events, one a line
"""

import json
import os
import sys
import tempfile
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Operate"))
sys.dont_write_bytecode = True


def get(url):
    with urllib.request.urlopen(url, timeout=120) as answer:
        return answer.read(), answer.headers


def walk(url, partition):
    path, events, hits, pages = f"/feed/{partition}/0", [], 0, 0
    while path:
        body, headers = get(url + path)
        events += [json.loads(line) for line in body.splitlines()]
        pages += 1
        hits += headers.get("X-Cache") == "HIT"
        link = headers.get("Link", "")
        following = [part.split(">")[0].strip(" <") for part in link.split(",") if 'rel="next"' in part]
        immutable = "immutable" in headers["Cache-Control"]
        if immutable != bool(following):
            raise SystemExit(f"{path} is {headers['Cache-Control']}, and its links are {link}")
        path = following[0] if following else None
    return events, hits, pages


def pages(url, bootstrap, valid, partitions):
    from gateway_clients import read

    topic = {}
    for message, headers in read(bootstrap, valid):
        topic.setdefault(message.partition(), []).append(
            (message.offset(), message.key().decode(), headers["ce_id"], headers["ce_type"], json.loads(message.value() or b"null")))
    faults, hits, pages, count = 0, 0, 0, 0
    for _ in range(2):
        for partition in range(int(partitions)):
            events, hit, seen = walk(url, partition)
            hits, pages, count = hits + hit, pages + seen, count + len(events)
            told = [(e["offset"], e["key"], e["id"], e["type"], e["value"]) for e in events]
            faults += told != topic.get(partition, [])
    print(json.dumps({"events": count // 2, "pages": pages // 2, "hits": hits, "faults": faults}))


def listen(url, count):
    from look_at_page import Browser, wait_for

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            target = browser.call("Target.createTarget", url="about:blank")["targetId"]
            browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            browser.call("Page.enable")
            browser.call("Page.navigate", url=url + "/openapi.json")
            wait_for(browser, "document.body && document.body.innerText.length > 10")
            browser.evaluate(
                "globalThis.seen = []; globalThis.resets = 0; globalThis.source = new EventSource('/feed/live');"
                "source.onmessage = event => seen.push(JSON.parse(event.data).key);"
                "source.addEventListener('reset', () => resets++); 1")
            wait_for(browser, "source.readyState === 1")
            print("open", flush=True)
            # A browser gives up when a proxy that begins answers with an error: its page opens another one behind the last event.
            wait_for(browser, f"seen.length >= {count} || source.readyState === 2", 200)
            for key in browser.evaluate("seen"):
                print(key)
            print(json.dumps({"resets": browser.evaluate("resets"), "state": browser.evaluate("source.readyState")}))
        finally:
            os.killpg(browser.process.pid, 9)
            browser.process.wait()


{"pages": pages, "listen": listen}[sys.argv[1]](*sys.argv[2:])
