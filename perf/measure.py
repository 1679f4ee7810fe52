"""Runs a command and watches its whole process tree: wall time, peak memory, time to the first layer."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """What one run took.

    Attributes:
        wall_s: seconds from start to exit.
        first_layer_s: seconds until ``seen`` answered true, or None.
        client_peak_mib, tree_peak_mib: largest proportional set size of the command itself and of the
            command with all its descendants.
    """

    wall_s: float
    first_layer_s: float | None
    client_peak_mib: float
    tree_peak_mib: float


def _children(pid: int) -> list[int]:
    found = [pid]
    try:
        text = " ".join(task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children"))
    except OSError:  # it ended while being looked at
        return found
    for child in text.split():
        found += _children(int(child))
    return found


def _pss_kib(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def run(command: Sequence[str], seen: Callable[[], bool] | None = None, every_s: float = 0.5) -> Run:
    """Run ``command`` to its end, sampling its process tree every ``every_s`` seconds."""
    began = time.monotonic()
    first, client, tree = None, 0, 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ) as process:
        sampled = began
        while process.poll() is None:
            now = time.monotonic()
            if first is None and seen is not None and seen():
                first = now - began
            if now - sampled >= every_s:
                sizes = {pid: _pss_kib(pid) for pid in _children(process.pid)}
                client = max(client, sizes.get(process.pid, 0))
                tree = max(tree, sum(sizes.values()))
                sampled = now
            time.sleep(0.05)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} exited with {process.returncode}")
    return Run(time.monotonic() - began, first, client / 1024, tree / 1024)
