#!/usr/bin/env python3
"""Keeps the prices of the application "prices" at hand, as Checkout.swift does, through `sequitur view --serve`.

usage: checkout.py [http://127.0.0.1:8081]
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8081"


def say(line):
    print(line, flush=True)


def objects():
    """All prices, and the event behind which changes go on."""
    prices, event, after = {}, None, None
    while True:
        query = "" if after is None else "&after=" + urllib.parse.quote(after, safe="")
        with urllib.request.urlopen(f"{URL}/objects?limit=1000{query}") as answer:
            page = json.load(answer)
        # The first page's: a later one would leave out what changed between the pages.
        event = event or page["event"]
        for price in page["objects"]:
            prices[price["key"]] = price
        if len(page["objects"]) < 1000:
            return prices, event
        after = page["objects"][-1]["key"]


def events(last):
    """Name, id and data of each event behind the last one."""
    request = urllib.request.Request(f"{URL}/changes", headers={"Last-Event-ID": last})
    with urllib.request.urlopen(request) as stream:
        fields = {}
        for line in stream:
            line = line.decode().rstrip("\n")
            if line == "":
                if "event" in fields:
                    yield fields["event"], fields.get("id"), fields.get("data", "")
                fields = {}
            elif not line.startswith(":"):
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")


def tell(key, old, new):
    if new is None:
        say(f"{key}: withdrawn, was {old['cents']}")
    elif old is None:
        say(f"{key}: {new['cents']} cents, new")
    else:
        say(f"{key}: {new['cents']} cents, was {old['cents']}")


def main():
    prices, last = objects()
    for key, price in prices.items():
        say(f"{key}: {price['state']['cents']} cents")
    say("caught up")
    for name, number, data in events(last):
        if name == "reset":
            sys.exit("too much has changed meanwhile: begin again with the objects")
        if name == "change":
            change = json.loads(data)
            known = prices.get(change["key"])
            # A change that the pages had already.
            if known and change["version"] and change["version"] <= known["version"]:
                continue
            old = known["state"] if known else None
            if change["state"] is None:
                prices.pop(change["key"], None)
            else:
                prices[change["key"]] = change
            if old is not None or change["state"] is not None:
                tell(change["key"], old, change["state"])


if __name__ == "__main__":
    main()
