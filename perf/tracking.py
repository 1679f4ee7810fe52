"""Memory and time per frame of a tracker over long shots, and what shared memory is worth to it.

    python perf/tracking.py [--tracker xmem|deaot] [--frames 20000]
    python perf/tracking.py --networks served --frames 300
    python perf/tracking.py --transport

By default networks are stood in for: random but valid keys, values and masks of the lite sizes (16 x 28
cells for a frame of 448 x 256), so that all of the client's memory is real and the run is quick.
`--networks served` asks the embedded server's instead. Objects are added on the way, so that there are
groups of late ones.

One row a window: median and mean CPU time that the client's own thread spends on a frame beside waiting for
the answer (the drawings that are remembered show in the mean), median wall time of a frame, columns of the
memory, resident size of the client, and with `served` proportional size of the client with its server. The
ratios at the end are those of the last window to the first one whose memory was full.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measure import _children, _pss_kib
from numpy.typing import NDArray

from triton_anime.embedded import EmbeddedServer
from triton_anime.server import ServedModel, Server, Tensors, connect
from triton_anime.trackers.deaot import DeAOTSession
from triton_anime.trackers.deaot_stepping import deaot_step
from triton_anime.trackers.memory import MemoryPolicy
from triton_anime.trackers.stepping import track_step
from triton_anime.trackers.xmem import XMemSession

U8 = NDArray[np.uint8]
Arrays = dict[str, NDArray[Any]]

FRAME = (256, 448)
FULL_BY = 180
"""Drawings after which both memories are as large as they get."""


class StandIn(Server):
    """The step of a tracker, run in this process over networks whose answers are drawn from a few."""

    def __init__(self, step: Callable[..., Arrays], network: Callable[..., Arrays]) -> None:
        self._step, self._network = step, network
        self.seconds = 0.0
        """CPU time of this thread inside here."""

    def infer_async(
        self,
        model: str,
        inputs: Tensors,
        outputs: Sequence[str] | None = None,
        *,
        timeout_s: float | None = None,
    ) -> Future[Arrays]:
        """Answer at once."""
        began = time.thread_time()
        future: Future[Arrays] = Future()
        future.set_result(self._step(inputs, outputs, self._network))
        self.seconds += time.thread_time() - began
        return future

    def models(self) -> list[ServedModel]:
        """Nothing is described."""
        return []

    def is_ready(self, model: str) -> bool:
        """Always."""
        return True

    def load(self, model: str) -> None:
        """Nothing to load."""

    def statistics(self, model: str) -> dict[str, int]:
        """Nothing is counted."""
        return {}

    def close(self) -> None:
        """Nothing to give back."""


class Draw:
    """Random arrays, a few of each shape again and again, every time in memory of its own as an answer is."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)
        self._drawn: dict[tuple[int, ...], list[NDArray[np.float32]]] = {}

    def __call__(self, *shape: int) -> NDArray[np.float32]:
        """Uniform in 0..1."""
        if shape not in self._drawn:
            self._drawn[shape] = [self._rng.random(shape, np.float32) for _ in range(5)]
        return self._drawn[shape][self._rng.integers(5)].copy()

    def fresh(self, length: int) -> NDArray[np.float32]:
        """Uniform in 0..1, of a length that changes."""
        return self._rng.random(length, np.float32)


def xmem_networks() -> Callable[..., Arrays]:
    """Of the lite widths."""
    draw, (h, w), key, value = Draw(), (FRAME[0] // 16, FRAME[1] // 16), 32, 96

    def network(model: str, inputs: Mapping[str, NDArray[Any]], wanted: Sequence[str]) -> Arrays:
        if model == "xmem_encode":
            cells = {
                "KEY": draw(1, key, h, w),
                "SHRINKAGE": 1 + draw(1, 1, h, w),
                "SELECTION": draw(1, key, h, w),
            }
            return cells | dict.fromkeys(("F16", "F8", "F4"), np.zeros((1, 1, 1, 1), np.float32))
        objects = len(inputs["HIDDEN"])
        if model == "xmem_value":
            return {"VALUE": draw(objects, value, h, w), "NEXT_HIDDEN": draw(objects, key, h, w)}
        masks = draw(objects + 1, *FRAME) / (objects + 1)
        usage = draw.fresh(inputs["MEMORY_KEY"].shape[1])
        return {"PROB": masks, "NEXT_HIDDEN": draw(objects, key, h, w), "USAGE": usage}

    return network


def deaot_networks() -> Callable[..., Arrays]:
    """Three layers, 112 channels, keys of 32."""
    draw, (h, w), layers, key, embed = Draw(), (FRAME[0] // 16 + 1, FRAME[1] // 16 + 1), 3, 32, 112

    def network(model: str, inputs: Mapping[str, NDArray[Any]], wanted: Sequence[str]) -> Arrays:
        if model == "deaot_encode":
            return dict.fromkeys(("CELLS", "SKIP16", "SKIP8", "SKIP4"), draw(1, embed, h, w))
        drawn = {
            "KEY": (layers, h, w, key),
            "VALUE": (layers, h, w, 4 * embed),
            "PENDING": (layers, h, w, 3 * embed),
            "LOGITS": (11, 4 * h - 3, 4 * w - 3),
        }
        return {name: draw(*drawn[name]) for name in wanted}

    return network


@dataclass(frozen=True)
class Shot:
    """A tracker in the middle of a shot: take the next frame; how many columns are remembered."""

    step: Callable[[int, int, int], object]
    columns: Callable[[], int]


def xmem_shot(server: Server) -> Shot:
    """XMem with the product's own policy."""
    session = XMemSession(server)

    def step(t: int, known: int, objects: int) -> None:
        frame, labels = scene(t, objects)
        if objects > known:
            new = range(known + 1, objects + 1)
            session.step(frame, np.where(labels > known, labels, 0).astype(np.uint8), new)
        else:
            session.step(frame)

    return Shot(step, lambda: int(session.memory.tensors()["MEMORY_KEY"].shape[1]))


def deaot_shot(server: Server) -> Shot:
    """DeAOT with the product's own policy."""
    session = DeAOTSession(server)

    def step(t: int, known: int, objects: int) -> None:
        # Frames of half the size: enlarging logits to them has nothing to do with memory, and takes longest.
        frame, labels = (np.ascontiguousarray(picture[::2, ::2]) for picture in scene(t, objects))
        if t == 0:
            session.give(labels, objects, frame)
            return
        decided = session.look(frame)[: known + 1].argmax(axis=0).astype(np.uint8)
        if objects > known:
            session.give(np.where(labels > known, labels, decided).astype(np.uint8), objects)
        else:
            session.decide(decided)

    return Shot(step, lambda: sum(memory.columns for memory in session.memories))


def scene(t: int, objects: int) -> tuple[U8, U8]:
    """Boxes of different colours that go to and fro over stripes."""
    frame = np.empty((*FRAME, 3), np.uint8)
    frame[:] = np.arange(FRAME[1], dtype=np.uint8)[:, None] // 4 + 60
    labels = np.zeros(FRAME, np.uint8)
    for k in range(objects):
        left = 10 + 54 * k + round(20 * np.sin((t + 9 * k) / 15))
        window = np.s_[30 + 20 * k : 100 + 20 * k, left : left + 48]
        labels[window] = k + 1
        frame[window] = 40 * k, 250 - 40 * k, 90 + 20 * k
    return frame, labels


def resident_mib() -> float:
    """Of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def follow(shot: Shot, frames: int, waiting: Callable[[], float], server_pid: int | None) -> None:
    """Run a shot and print the table."""
    window = max(10, frames // 20)
    joins = {0: 2, window // 5: 3, window // 3: 4, window // 2: 5, 4 * window // 5: 6}
    if server_pid:  # networks take their time for every object
        joins = {0: 1, window // 5: 2}
    heads = ["frames", "CPU, median ms", "CPU, mean ms", "wall, ms", "columns", "client, MiB"]
    heads += ["with server, MiB"] if server_pid else []
    print(f"| {' | '.join(heads)} |\n|---|{'---:|' * (len(heads) - 1)}")
    rows: list[tuple[int, float, float, float, float]] = []
    known, cpu, wall = 0, [], []
    for t in range(frames):
        objects = joins.get(t, known)
        began, waited, spent = time.perf_counter(), waiting(), time.thread_time()
        shot.step(t, known, objects)
        cpu.append(1e3 * (time.thread_time() - spent - (waiting() - waited)))
        wall.append(1e3 * (time.perf_counter() - began))
        known = objects
        if (t + 1) % window == 0:
            times = float(np.median(cpu)), float(np.mean(cpu)), float(np.median(wall))
            rows.append((t + 1 - window, *times, resident_mib()))
            begin, median, mean, whole, size = rows[-1]
            line = (
                f"| {begin}–{t} | {median:.2f} | {mean:.2f} | {whole:.1f} | {shot.columns()} | {size:.0f} |"
            )
            if server_pid:
                tree = sum(_pss_kib(pid) for pid in (os.getpid(), *_children(server_pid))) / 1024
                line += f" {tree:.0f} |"
            print(line, flush=True)
            cpu, wall = [], []
    full = next((row for row in rows if row[0] >= max(FULL_BY, window)), rows[-1])
    last = rows[-1]
    median, mean, whole, size = (now / then for now, then in zip(last[1:], full[1:], strict=True))
    print(
        f"\n{known} objects, of which {known - joins[0]} late. Last window to the one from frame {full[0]}: "
        f"CPU {median:.3f} (median), {mean:.3f} (mean), wall {whole:.3f}, resident size {size:.3f}"
    )


def remembered(objects: int) -> Arrays:
    """A request of track_step with a memory as full as the product's policy lets it become."""
    policy, rng, (h, w) = MemoryPolicy(), np.random.default_rng(0), (FRAME[0] // 16, FRAME[1] // 16)
    columns = policy.max_frames * h * w + policy.max_long_term
    return {
        "FRAME": scene(0, objects)[0],
        "MEMORY_KEY": rng.standard_normal((32, columns), np.float32),
        "MEMORY_SHRINKAGE": 1 + rng.random((1, columns), np.float32),
        "MEMORY_VALUE": rng.standard_normal((objects, 96, columns), np.float32),
        "MEMORY_VALID": np.ones((1, columns), np.uint8),
        "GROUP": np.zeros(objects, np.int32),
        "HIDDEN": rng.standard_normal((objects, 32, h, w), np.float32),
    }


def transport(rounds: int) -> None:
    """The same requests in turn through shared memory and inside the messages."""
    objects = 2
    read = remembered(objects)
    kept = read | {"GIVEN": scene(0, objects)[1], "GIVEN_NUMBERS": np.arange(1, objects + 1, dtype=np.int32)}
    outputs = {
        "read": ["PROB", "NEXT_HIDDEN", "USAGE"],
        "read and remembered": ["PROB", "NEXT_HIDDEN", "USAGE", "KEY", "SHRINKAGE", "SELECTION", "VALUE"],
        "the same tensors sent, nothing read": ["PROB", "NEXT_HIDDEN", "USAGE"],
    }
    with ExitStack() as stack:
        embedded = stack.enter_context(EmbeddedServer(["track_step"]))
        embedded.wait_for(["track_step"])
        ways = [
            stack.enter_context(connect(embedded.address, shared_memory=shared)) for shared in (True, False)
        ]
        print("| drawing | MB sent | MB back | shared memory, ms | messages, ms | ratio |")
        print("|---|---:|---:|---:|---:|---:|")
        for name, asked in outputs.items():
            sent = kept if name.startswith("the same") else read
            took: tuple[list[float], list[float]] = ([], [])
            for round_ in range(-3, rounds):
                for way, times in zip(ways, took, strict=True):
                    began = time.perf_counter()
                    answer = way.infer("track_step", sent, asked)
                    if round_ >= 0:
                        times.append(1e3 * (time.perf_counter() - began))
            sizes = [sum(value.nbytes for value in tensors.values()) / 1e6 for tensors in (sent, answer)]
            shared, messages = (float(np.median(times)) for times in took)
            print(
                f"| {name} | {sizes[0]:.1f} | {sizes[1]:.1f} | {shared:.1f} | {messages:.1f} "
                f"| {shared / messages:.2f} |",
                flush=True,
            )


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tracker", choices=("xmem", "deaot"), default="xmem")
    parser.add_argument("--networks", choices=("stand-in", "served"), default="stand-in")
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--transport", action="store_true", help="compare shared memory with plain messages")
    parser.add_argument("--rounds", type=int, default=30, help="of --transport")
    options = parser.parse_args()
    if options.frames < 20 or options.rounds < 1:
        parser.error("--frames has to be 20 or more, --rounds 1 or more")
    if options.transport:
        transport(options.rounds)
        return
    begin = {"xmem": xmem_shot, "deaot": deaot_shot}[options.tracker]
    if options.networks == "stand-in":
        step, networks = {"xmem": (track_step, xmem_networks), "deaot": (deaot_step, deaot_networks)}[
            options.tracker
        ]
        server = StandIn(step, networks())
        follow(begin(server), options.frames, lambda: server.seconds, None)
        return
    models = {"xmem": "track_step", "deaot": "deaot_step"}[options.tracker]
    with EmbeddedServer([models]) as embedded:
        if not embedded.server.is_ready(models):
            parser.error(f"{models} is not served: its networks are not in the repository; build them first")
        # A thread that waits for an answer takes no CPU time.
        follow(begin(embedded.server), options.frames, lambda: 0.0, embedded.pid)


if __name__ == "__main__":
    main()
