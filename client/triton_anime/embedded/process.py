"""A supervised tritonserver process: start, stop, and what its log says."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from triton_anime.embedded import supervisor
from triton_anime.embedded.installation import Installation, home
from triton_anime.errors import ServerStartError

_KEPT_LOGS = 8
PREFIX_MARK = "{prefix}"
"""Stands for the shared memory prefix, which only the supervisor knows."""


class ServerProcess:
    """One run of tritonserver under its supervisor.

    Args:
        installation: what to run.
        arguments: tritonserver's own arguments.
        log: file that its output is added to.
        on_exit: called with the exit code, from a thread, when the server ended without being told to.
    """

    def __init__(
        self, installation: Installation, arguments: list[str], log: Path, on_exit: Callable[[int], None]
    ) -> None:
        self.log = log
        self._log_start = log.stat().st_size if log.exists() else 0
        self._on_exit = on_exit
        self._stopping = False
        self.pid = 0
        """Process id of tritonserver."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Signals of the terminal are for the client; it decides when the server goes.
            start_new_session=True,
        )
        order = {
            "command": [str(installation.binary), *arguments],
            "environment": installation.environment(),
            "log": str(log),
            "client": os.getpid(),
        }
        self._say(json.dumps(order))
        first = self._listen()
        if "pid" not in first:
            self.stop()
            raise ServerStartError(
                f"{installation.binary} cannot be executed; is its file system mounted noexec?"
            )
        self.pid = first["pid"]
        self._watcher = threading.Thread(target=self._watch, name="triton-exit", daemon=True)
        self._watcher.start()

    @property
    def alive(self) -> bool:
        """Whether the supervisor, and with it the server, still runs."""
        return self._process.poll() is None

    def stop(self, timeout_s: float = 15.0) -> None:
        """End the server and wait until it, its model processes and its shared memory are gone."""
        self._stopping = True
        self._say("stop")
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        supervisor.sweep(supervisor.shm_prefix(self._process.pid))
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()

    def output(self) -> str:
        """What this run has written to the log."""
        with self.log.open("rb") as file:
            file.seek(min(self._log_start, self.log.stat().st_size))
            return file.read().decode("utf-8", errors="replace")

    def reason(self, model: str | None = None) -> str:
        """The log's last word on why the server, or one model of it, failed; empty when it says nothing."""
        return failure_reason(self.output(), model)

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._process.stdin:
                self._process.stdin.write(line.encode() + b"\n")
                self._process.stdin.flush()

    def _listen(self) -> dict[str, int]:
        line = self._process.stdout.readline() if self._process.stdout else b""
        return dict(json.loads(line)) if line else {}

    def _watch(self) -> None:
        code = self._listen().get("exit", -1)
        self._process.wait()
        if not self._stopping:
            self._on_exit(code)


def failure_reason(log: str, model: str | None = None) -> str:
    """One line out of tritonserver's ``log`` that explains a failure.

    Args:
        log: its output.
        model: whose failure to load; the server's own when None.
    """
    if model is not None:
        pattern = (
            rf"(Error parsing text-format inference.ModelConfig: .*)\n.*'{re.escape(model)}'"
            rf"|Poll failed for model directory '{re.escape(model)}': (.*)"
        )
    else:
        pattern = r"^error: (.*)|^\S+ E \d+ \S+\] (.*)"
    found = [one or other for one, other in re.findall(pattern, log, re.MULTILINE)]
    return found[-1].strip(' ".') if found else ""


def new_log(chosen: Path | None = None) -> Path:
    """The log file to write: ``chosen``, or a new one in the home folder, where the oldest are removed."""
    folder = home() / "logs" if chosen is None else chosen.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if chosen is not None:
            chosen.open("ab").close()
            return chosen
        logs = sorted(folder.glob("tritonserver-*.log"), key=lambda path: path.stat().st_mtime)
        for old in logs[: -_KEPT_LOGS + 1]:
            old.unlink(missing_ok=True)
            old.with_name(f"{old.name}.old").unlink(missing_ok=True)
    except OSError as error:
        remedy = "set TRITON_ANIME_HOME to another folder" if chosen is None else "choose another file"
        raise ServerStartError(
            f"the server's log in {folder} cannot be written ({error.strerror}); {remedy}"
        ) from error
    return folder / f"tritonserver-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
