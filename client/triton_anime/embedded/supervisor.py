"""The process that stands between the client and tritonserver, so that nothing is left behind.

Run as a script, with the standard library alone, so that it is up in milliseconds. It starts tritonserver in
a session of its own (Ctrl-C in a terminal reaches the client only) and ends it when

- the client says so (a line ``stop`` on standard input) or sends SIGTERM,
- the client is gone, however it ended: standard input closes, or the parent is another process,
- one of its model processes died: it would never answer their requests again.

Whenever tritonserver has ended, on purpose or not, its remaining model processes are killed and its shared
memory is removed. The kernel ends tritonserver should the supervisor itself be killed; what is then left in
shared memory is swept at the next start (`sweep_stale`).

Standard output carries one JSON object per line: ``{"pid": n}`` after the start, ``{"exit": code}`` at the
end.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
PREFIX = "triton_anime_"
LOG_LIMIT = 16 * 2**20
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_GRACE_S = 6.0
_CHECK_S = 0.5
_IDLE = b"All models are stopped, unloading models"


def shm_prefix(pid: int) -> str:
    """Start of the names of the shared memory that belongs to the supervisor ``pid``."""
    return f"{PREFIX}{pid}_"


def sweep(prefix: str) -> None:
    """Remove shared memory whose name starts with ``prefix``."""
    for path in SHARED_MEMORY.glob(f"{prefix}*"):
        path.unlink(missing_ok=True)


def sweep_stale() -> None:
    """End model processes and remove shared memory of supervisors that are gone.

    A model's process carries the name of its shared memory on its command line.
    """
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it may have ended since, or belong to somebody else
            command = file.read_bytes().decode(errors="replace")
            owner = re.search(rf"backend_stub\0.*\0{PREFIX}(\d+)_", command)
            if owner and not Path("/proc", owner[1]).exists():
                os.kill(int(file.parent.name), signal.SIGKILL)
    for path in SHARED_MEMORY.glob(f"{PREFIX}*"):
        owner = re.match(rf"{PREFIX}(\d+)_", path.name)
        if owner and not Path("/proc", owner[1]).exists():
            with contextlib.suppress(PermissionError):
                path.unlink(missing_ok=True)


def children(pid: int) -> dict[int, str]:
    """Processes whose parent is ``pid``, with the letter of their state (Z: ended and not waited for)."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it may have ended since
            # The name in field 2 may hold spaces and brackets; state and parent follow it.
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(parent) == pid:
                found[int(folder.name)] = state
    return found


class Supervisor:
    """One tritonserver, from start to swept floor.

    Args:
        command: program and arguments; ``{prefix}`` in an argument becomes the shared memory prefix.
        environment: its environment.
        log: file that its output is added to.
        client: process id of the client.
    """

    def __init__(self, command: list[str], environment: dict[str, str], log: Path, client: int) -> None:
        self._prefix = shm_prefix(os.getpid())
        self._command = [part.replace("{prefix}", self._prefix) for part in command]
        self._environment = environment
        # Kept open: somebody may move or remove the file.
        self._log = log.open("a+b", buffering=0)
        self._old_log = log.with_name(f"{log.name}.old")
        self._client = client
        self._stopping = False
        self._dead: set[int] = set()
        self._checked = 0.0

    def run(self) -> int:
        """Start the server, wait for its end or the client's, clean up; return the server's exit code."""
        libc = ctypes.CDLL(None, use_errno=True)
        # Model processes of a server that dies become our children, and can be ended by us.
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(ignored, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._on_terminate)
        # An ended child wakes `_watch` at once: a signal writes a byte into this pipe.
        self._wake, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        sweep_stale()

        def die_with_supervisor() -> None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
                signal.signal(ignored, signal.SIG_DFL)

        server = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            preexec_fn=die_with_supervisor,
        )
        self._tell(pid=server.pid)
        try:
            while server.poll() is None and not self._stopping:
                self._watch()
                self._check_models(server)
        finally:
            self._end(server)
        self._tell(exit=server.returncode)
        return 0

    def _on_terminate(self, *_: object) -> None:
        self._stopping = True

    def _watch(self) -> None:
        """Wait half a second at most for a word from the client."""
        readable, _, _ = select.select([0, self._wake], [], [], 0.5)
        if self._wake in readable:
            os.read(self._wake, 64)
        if 0 in readable:
            words = os.read(0, 4096)
            self._stopping = not words or b"stop" in words
        if os.getppid() != self._client:
            self._stopping = True
        if self._log_size() > LOG_LIMIT:
            # The server appends, so it writes on at the new end; what was said before is kept once.
            with contextlib.suppress(OSError):
                self._old_log.write_bytes(self._log_from(0))
            self._log.truncate(0)

    def _check_models(self, server: subprocess.Popen[bytes]) -> None:
        """End a server that has lost a model process.

        This release of Triton neither replaces it nor fails the requests that it had. A process that the
        server itself ends is waited for at once, so one that stays unwaited for has died.
        """
        if time.monotonic() - self._checked < _CHECK_S:
            return
        self._checked = time.monotonic()
        dead = {pid for pid, state in children(server.pid).items() if state == "Z"}
        if dead & self._dead:
            self._log.write(b"triton-anime: a model process died (out of memory?); the server is ended\n")
            server.kill()
        self._dead = dead

    def _end(self, server: subprocess.Popen[bytes]) -> None:
        said = self._log_size()
        server.terminate()
        deadline = time.monotonic() + _GRACE_S
        while server.poll() is None and time.monotonic() < deadline:
            # Unloading takes a second per model. Models hold nothing worth it: once the requests under way
            # are answered, the rest is ended at once.
            if _IDLE in self._log_from(said):
                break
            time.sleep(0.02)
        server.kill()
        server.wait()
        deadline = time.monotonic() + 2.0
        while (left := children(os.getpid())) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError, ChildProcessError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
        sweep(self._prefix)

    def _log_size(self) -> int:
        return os.fstat(self._log.fileno()).st_size

    def _log_from(self, start: int) -> bytes:
        return os.pread(self._log.fileno(), max(0, self._log_size() - start), start)

    @staticmethod
    def _tell(**words: int) -> None:
        try:
            os.write(1, json.dumps(words).encode() + b"\n")
        except OSError:
            return


def main() -> int:
    """Read what to run from the first line of standard input and run it."""
    # Unbuffered: what follows the first line belongs to `Supervisor._watch`.
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return 0
        line += byte
    order = json.loads(line)
    return Supervisor(order["command"], order["environment"], Path(order["log"]), order["client"]).run()


if __name__ == "__main__":
    sys.exit(main())
