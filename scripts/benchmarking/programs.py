"""The measured programs: `ceiling` (C) and `benchmark-client` (Swift), each run in a process of its own."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = os.environ.get("SEQUITUR_BENCH_PROGRAMS", os.path.join(ROOT, ".build/release"))
RULES = os.path.join(ROOT, "Benchmarks/deposits.yaml")
ARITHMETIC = os.path.join(ROOT, "Benchmarks/arithmetic.yaml")


def command(program, subcommand, options):
    flags = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    return [os.path.join(PROGRAMS, program), subcommand] + flags


def run(program, subcommand, options, timeout=900):
    """Runs one measurement and returns the JSON object that it prints."""
    line = command(program, subcommand, options)
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        sys.exit(f"bench: {' '.join(line)} did not end\n{error.stderr}")
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(line)} failed\n{done.stderr[-2000:]}")
    objects = [text for text in done.stdout.splitlines() if text.startswith("{")]
    return json.loads(objects[-1]) if objects else {}


class Scratch:
    """A temporary directory for state, and names that no other measurement on the same broker has."""

    def __enter__(self):
        self.token = uuid.uuid4().hex[:8]
        self.path = tempfile.mkdtemp(prefix="sequitur-bench-")
        self.count = 0
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def name(self, prefix):
        self.count += 1
        return f"{prefix}-{self.token}-{self.count}"

    def directory(self, name):
        return os.path.join(self.path, name)


def progress(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)
