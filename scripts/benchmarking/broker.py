"""The broker that is measured against: one from outside, or a test broker of its own."""
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from .programs import ROOT, run

TICKS = os.sysconf("SC_CLK_TCK")


class Broker:
    """`SEQUITUR_BENCH_BOOTSTRAP`, or a test broker that is thrown away at the end (it keeps all in memory)."""

    def __init__(self):
        self.process = None
        self.topics = []
        self.bootstrap = os.environ.get("SEQUITUR_BENCH_BOOTSTRAP")
        self.outside = self.bootstrap is not None
        if self.outside:
            self.process_id = int(os.environ.get("SEQUITUR_BENCH_BROKER_PID", 0)) or None
            return
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.bootstrap = f"127.0.0.1:{port}"
        self.directory = tempfile.mkdtemp(prefix="sequitur-bench-broker-")
        self.process = subprocess.Popen(
            [test_broker(), "start", "--only", "kafka", "--data-dir", self.directory, "--kafka-port", str(port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.process_id = self.process.pid
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        sys.exit("bench: the test broker does not start")

    def make_topics(self, partitions, *names):
        """Dropped at the end, unless something failed."""
        run("ceiling", "topics", {"bootstrap": self.bootstrap, "names": ",".join(names), "partitions": partitions})
        self.topics += names

    def make_application_topics(self, program, name, partitions, *flags):
        """With `sequitur topics create`; dropped like the others."""
        done = subprocess.run(
            [program, "topics", "create", "--partitions", str(partitions), *flags], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"bench: {done.stderr}")
        self.topics += [f"{name}-{part}" for part in ("commands", "valid", "invalid", "changelog")]

    def processor_seconds(self):
        """What the broker's process has used so far; None when it is not on this machine."""
        if not self.process_id:
            return None
        with open(f"/proc/{self.process_id}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def __enter__(self):
        return self

    def __exit__(self, fault, *_):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            shutil.rmtree(self.directory, ignore_errors=True)
        elif self.topics and not fault:
            run("ceiling", "drop", {"bootstrap": self.bootstrap, "names": ",".join(self.topics)})


def test_broker():
    pattern = os.environ.get("SEQUITUR_BENCH_BROKER", ROOT + "/.venv/lib/*/site-packages/noida_db/noida-db")
    found = sorted(glob.glob(pattern))
    if not found:
        sys.exit("bench: there is no broker: run scripts/setup --with-broker or set SEQUITUR_BENCH_BOOTSTRAP")
    return found[-1]
