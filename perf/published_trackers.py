"""XMem and DeAOT of the published size, random weights, served and driven by the client's own trackers.

    python perf/published_trackers.py [--trackers xmem,deaot] [--drawings 12] [--size 256x144]

One JSON line a tracker: megabytes of its graphs, seconds until they were loaded, seconds of the first drawing
and of a later one (median, and what the server's processes computed of it), columns remembered, and the
proportional size of the server. Two objects are shown at first and a third one late. Random weights track
nothing: what is shown is that requests of the published widths pass, how long they take here, and that what
comes back is a set of masks.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from measure import _children, _pss_kib
from numpy.typing import NDArray
from tracking import scene

from triton_anime.embedded import EmbeddedServer
from triton_anime.repository import repositories
from triton_anime.tracker import Tracks, open_tracker
from triton_anime.trackers.deaot import DeAOTTracker
from triton_anime.trackers.xmem import XMemTracker
from triton_anime_export.networks import find_all
from triton_anime_export.random_weights import shake
from triton_anime_export.to_config import config_text
from triton_anime_export.to_onnx import write

U8 = NDArray[np.uint8]

MODELS = {"xmem": "track_step", "deaot": "deaot_step"}
KINDS = {"xmem": XMemTracker, "deaot": DeAOTTracker}
LATE = 3
"""The drawing in which the third object appears."""


def write_published(family: str, folder: Path) -> float:
    """The networks of a family as `triton-anime-export build --size full` writes them; megabytes of all."""
    for network in find_all(family):
        torch.manual_seed(0)
        full = network.at("full")
        path = folder / network.name / "1" / "model.onnx"
        write(full, shake(full, network.build("full")), path)
        (folder / network.name / "config.pbtxt").write_text(config_text(full), encoding="utf-8")
    return sum(path.stat().st_size for path in folder.glob("*/1/*")) / 1e6


def drawing(t: int, size: tuple[int, int]) -> tuple[U8, U8]:
    """Frame [h,w,3] and the numbers of its objects [h,w]."""
    frame, labels = scene(t, 3 if t >= LATE else 2)
    return (
        np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8),
        np.asarray(cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST), np.uint8),
    )


def check(tracks: Tracks, size: tuple[int, int]) -> None:
    """What every answer must be, whatever the weights.

    Raises:
        SystemExit: it is not.
    """
    confidence = tracks.confidence
    if tracks.identity.shape != size[::-1] or not np.isfinite(confidence).all():
        raise SystemExit("an answer is not a finite picture of the drawing's size")
    if confidence.min() < 0 or confidence.max() > 1 or not set(tracks.ids) <= set(tracks.known):
        raise SystemExit("an answer is not a set of masks with their confidence")


def columns_of(tracker: Any) -> int:
    """Columns that a tracker remembers."""
    session = tracker._session
    if isinstance(tracker, DeAOTTracker):
        return sum(memory.columns for memory in session.memories)
    return int(session.memory.tensors()["MEMORY_KEY"].shape[1])


def processor_s(pid: int) -> float:
    """Seconds of the processor that a process and its children have taken."""
    ticks = 0
    for child in _children(pid):
        with contextlib.suppress(OSError):  # it ended while being looked at
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def follow(family: str, drawings: int, size: tuple[int, int]) -> dict[str, object]:
    """Write, serve and ask one tracker."""
    with tempfile.TemporaryDirectory() as folder:
        megabytes = write_published(family, Path(folder))
        model = MODELS[family]
        began = time.monotonic()
        with EmbeddedServer([model], repositories=repositories(networks=Path(folder))) as embedded:
            embedded.wait_for([model])
            ready = time.monotonic() - began
            tracker = open_tracker(embedded.server, family)
            if not isinstance(tracker, KINDS[family]):
                raise SystemExit(f"{model} is not served")
            tracker.reset(0)
            seconds: list[float] = []
            processor: list[float] = []
            known: tuple[int, ...] = ()
            server_mib = 0.0
            for t in range(drawings):
                frame, labels = drawing(t, size)
                began, spent = time.monotonic(), processor_s(embedded.pid)
                tracks = tracker.step(frame, labels if t % 5 == 0 or t == LATE else None)
                seconds.append(time.monotonic() - began)
                processor.append(processor_s(embedded.pid) - spent)
                check(tracks, size)
                known = tracks.known
                resident = sum(_pss_kib(pid) for pid in _children(embedded.pid)) / 1024
                server_mib = max(server_mib, resident)
            return {
                "tracker": family,
                "size": f"{size[0]}x{size[1]}",
                "drawings": drawings,
                "objects": len(known),
                "onnx_mb": round(megabytes, 1),
                "ready_s": round(ready, 1),
                "first_s": round(seconds[0], 2),
                "later_s": round(float(np.median(seconds[1:])), 2),
                "later_cpu_s": round(float(np.median(processor[1:])), 2),
                "columns": columns_of(tracker),
                "server_mib": round(server_mib),
            }


def main() -> None:
    """Print one line for each tracker."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trackers", default="xmem,deaot", help="which of them")
    parser.add_argument("--drawings", type=int, default=12)
    parser.add_argument("--size", default="256x144", help="WIDTHxHEIGHT")
    options = parser.parse_args()
    names = options.trackers.split(",")
    if not set(names) <= set(MODELS) or options.drawings < 2:
        parser.error(f"--trackers are some of {', '.join(MODELS)}; --drawings is 2 at least")
    width, height = (int(side) for side in options.size.split("x"))
    for name in names:
        print(json.dumps(follow(name, options.drawings, (width, height))), flush=True)


if __name__ == "__main__":
    main()
