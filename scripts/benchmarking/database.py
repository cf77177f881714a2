"""A PostgreSQL of the measurement's own, with the settings of a new installation but for its log's level."""
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile


class Database:
    """In a temporary folder, reached by a socket there. Commits reach the disk (`fsync`), as they do for users."""

    SETTINGS = {"shared_buffers": "256MB", "listen_addresses": "", "lc_messages": "C", "max_wal_size": "4GB"}

    def __init__(self, **settings):
        self.settings = {**self.SETTINGS, **settings}

    def __enter__(self):
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
        if not programs:
            sys.exit("bench: there is no PostgreSQL: run scripts/setup --with-broker")
        self.programs = os.path.dirname(programs[-1])
        self.path = tempfile.mkdtemp(prefix="sqbench-")
        self.user = self._user()
        if self.user:
            os.chown(self.path, self.user.pw_uid, self.user.pw_gid)
        data = os.path.join(self.path, "data")
        self._run(["initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"])
        settings = [f"{name}={value}" for name, value in {**self.settings, "unix_socket_directories": self.path}.items()]
        log = open(os.path.join(self.path, "log"), "wb")
        self.server = subprocess.Popen(
            self._command(["postgres", "-D", data] + [text for setting in settings for text in ("-c", setting)]),
            stdout=log, stderr=log)
        self.connection = f"host={self.path} user=postgres dbname=postgres"
        for _ in range(300):
            if subprocess.run([f"{self.programs}/pg_isready", "-q", "-h", self.path]).returncode == 0:
                return self
            subprocess.run(["sleep", "0.1"])
        sys.exit("bench: PostgreSQL does not start")

    def __exit__(self, *_):
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait()
        shutil.rmtree(self.path, ignore_errors=True)

    def sql(self, text):
        """Runs statements; the rows of the last one, columns parted by `|`."""
        done = subprocess.run([f"{self.programs}/psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", self.connection],
                              input=text, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"bench: {done.stderr}")
        return done.stdout.strip()

    def session(self):
        """A session that stays open: statements go to its standard input."""
        return subprocess.Popen([f"{self.programs}/psql", "-qAtX", "-d", self.connection], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)

    def transactions_a_second(self, script, seconds, clients):
        """`pgbench` with a script of one's own."""
        path = os.path.join(self.path, "script.sql")
        with open(path, "w") as file:
            file.write(script)
        done = subprocess.run(
            [f"{self.programs}/pgbench", "-n", "-h", self.path, "-U", "postgres", "-c", str(clients), "-j", "1",
             "-T", str(seconds), "-M", "prepared", "-f", path, "postgres"], capture_output=True, text=True)
        for line in done.stdout.splitlines():
            if line.startswith("tps = "):
                return float(line.split()[2])
        sys.exit(f"bench: pgbench failed\n{done.stderr[-2000:]}")

    def _user(self):
        """PostgreSQL refuses to run as root."""
        if os.getuid() != 0:
            return None
        try:
            return pwd.getpwnam("postgres")
        except KeyError:
            return pwd.getpwnam("nobody")

    def _command(self, words):
        words = [f"{self.programs}/{words[0]}", *words[1:]]
        if not self.user:
            return words
        return ["setpriv", f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups", *words]

    def _run(self, words):
        done = subprocess.run(self._command(words), capture_output=True, text=True, cwd=self.path)
        if done.returncode != 0:
            sys.exit(f"bench: {done.stderr[-2000:]}")
