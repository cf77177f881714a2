"""What other rules would have decided over the incidents, by a program that shares nothing with Sequitur.

usage: incident_changes.py incidents.jsonl.gz VARIANT

Decides all commands twice, by the lifecycle as it is (incidents.yaml, written down again here) and by the variant, each over
states of its own, and prints one JSON object: by "from -> to" the keys of the commands whose outcome differs, in the
order of the commands.
"""
import copy
import gzip
import json
import sys

RULES = {
    "start": dict(
        start=["", "active", "queued", "assigned", "waiting", "resolved"], to="active", event="started",
        require=["impact", "product"], keep=["impact", "product"], same=[]),
    "queue": dict(
        start=["", "active", "queued", "assigned", "waiting"], to="queued", event="queued",
        require=["impact", "product", "group"], keep=["impact", "product"], same=[]),
    "assign": dict(
        start=["active", "assigned", "waiting", "queued"], to="assigned", event="assigned",
        require=["group"], keep=[], same=[]),
    "wait": dict(
        start=["active", "assigned", "waiting"], to="waiting", event="suspended",
        require=["reason"], keep=[], same=["impact"]),
    "resolve": dict(
        start=["active", "queued", "assigned", "waiting"], to="resolved", event="resolved",
        require=[], keep=[], same=["product"]),
    "close": dict(start=["active", "resolved"], to="closed", event="closed", require=[], keep=[], same=[]),
    "cancel": dict(
        start=["active", "queued", "assigned", "waiting"], to="cancelled", event="cancelled",
        require=[], keep=[], same=[]),
}


def variant(name):
    rules = copy.deepcopy(RULES)
    if name == "same":
        return rules
    if name == "strict":  # closed only when resolved; a stop needs no reason; nobody assigns what waits in a queue
        rules["close"]["start"] = ["resolved"]
        rules["wait"]["require"] = []
        rules["assign"]["start"] = ["active", "assigned", "waiting"]
        return rules
    if name == "renamed":  # another event's name, and closed things can be started again
        rules["assign"]["event"] = "handed-over"
        rules["start"]["start"].append("closed")
        return rules
    sys.exit("no such variant: " + name)


def is_text(value):
    return isinstance(value, str)


def decide(rules, state, command):
    """The outcome as a report names it, and the state afterwards."""
    rule = rules.get(command["type"])
    if rule is None:
        return "invalid: unknown-command", state
    status = state["status"] if state else ""
    if status not in rule["start"]:
        return "invalid: " + ("invalid-transition" if state else "not-found"), state
    payload = command["payload"]
    for field in rule["require"]:
        if not is_text(payload.get(field)):
            return "invalid: invalid-field", state
    for field in rule["keep"]:
        if field in payload and not is_text(payload[field]):
            return "invalid: invalid-field", state
    for field in rule["same"]:
        if not (is_text(payload.get(field)) and state and payload[field] == state.get(field)):
            return "invalid: guard-failed", state
    after = dict(state or {}, status=rule["to"])
    for field in rule["keep"]:
        if field in payload:
            after[field] = payload[field]
    return "valid: " + rule["event"], after


def main():
    path, name = sys.argv[1:]
    rules = variant(name)
    old, new, changes, commands = {}, {}, {}, 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            command = json.loads(line)
            key = command["key"]
            commands += 1
            before, old[key] = decide(RULES, old.get(key), command)
            after, new[key] = decide(rules, new.get(key), command)
            if before != after:
                changes.setdefault(before + " -> " + after, []).append(key)
    json.dump({"commands": commands, "changes": changes}, sys.stdout)


main()
