"""One run: draws the clips, lets everybody answer, and returns what scores.json holds."""

from __future__ import annotations

import dataclasses
import hashlib
import platform
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2

import triton_anime
import triton_anime_export
from triton_anime.server import Server
from triton_anime.streams import Pump
from triton_anime_export.scores import staging
from triton_anime_export.scores.broadcast import broadcast
from triton_anime_export.scores.casts import SEED, art_cast, studio_cast
from triton_anime_export.scores.clip import Clip
from triton_anime_export.scores.judge_clips import ClipJudge
from triton_anime_export.scores.judge_drawings import DrawingJudge
from triton_anime_export.scores.progress import Progress, Standing
from triton_anime_export.scores.rows import PRODUCT
from triton_anime_export.scores.sizes import Sizes
from triton_anime_export.scores.worst import Worst
from triton_anime_export.studio.director import Cast

_PACKAGES = ("triton-anime", "opencv-python", "numpy", "onnxruntime", "av")


def score(
    server: Server,
    art: Path | None,
    sizes: Sizes,
    data: frozenset[str],
    *,
    command: str,
    worst: Path | None = None,
    progress: Path | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Score the product, its networks and the peers.

    Args:
        server: where the networks are.
        art: folder with SOURCES.tsv; needed for all but ``studio``.
        sizes: how much is drawn.
        data: which of ``studio``, ``art``, ``broadcast`` and ``fresh``.
        command: what was typed, for the record.
        worst: folder for sheets of the worst cases.
        progress: file that keeps what was found, clip by clip. A run of the same weights, code, art and
            command goes on from there; whoever has written the figures away deletes it.
        tell: hears of every clip.

    Raises:
        DataError: the art is missing.
        OutputError: the progress cannot be written.
        ServerError: the server died or a model failed.
    """
    cv2.setNumThreads(1)
    weights = weights_digest()
    same = (command, weights, _code_digest(), art, sizes, sorted(data), _versions(), worst is None)
    kept = Progress(progress, repr(same))
    standing = kept.load() or Standing(Worst(worst))
    standing.sheets.folder = worst
    if standing.done:
        tell(f"goes on after {len(standing.done)} clips")
    tally, sheets = standing.tally, standing.sheets
    with ThreadPoolExecutor(1, thread_name_prefix="peers") as pool:
        drawings = DrawingJudge(server, pool, tally, sheets, standing.pools)
        long_clips = ClipJudge(server, pool, tally, sheets)
        since = time.monotonic()
        with closing(Pump(_left(clips(art, sizes, data), frozenset(standing.done)), 1, "studio")) as drawn:
            for clip in drawn:
                (long_clips if clip.is_long else drawings).judge(clip)
                standing.count(clip)
                now = time.monotonic()
                standing.seconds += now - since
                kept.save(standing)
                tell(f"{clip.data} {clip.name}: {now - since:.1f} s")
                since = now
    by_type = drawings.finish()
    for path in sheets.write():
        tell(f"worst cases: {path}")
    return {
        "command": command,
        "seed": SEED,
        "sizes": dataclasses.asdict(sizes),
        "data": standing.counts,
        "versions": _versions(),
        "weights": weights,
        "minutes": round(standing.seconds / 60, 1),
        "figures": _rounded(tally.results()),
        "errors": _rounded(tally.errors(PRODUCT)),
        "effects_by_type": _rounded(by_type),
    }


Draw = Callable[[Callable[[int], Cast], str, Sizes], Iterator[Clip]]
"""Draws the clips of one set: ``draw(cast of so many drawings, data, sizes)``."""


def every_clip(cast: Callable[[int], Cast], data: str, sizes: Sizes) -> Iterator[Clip]:
    """All kinds of clips."""
    yield from staging.staged(cast(sizes.drawings), data, sizes)
    yield from staging.effects(cast(sizes.effect_drawings), data, sizes)
    yield from long_clips(cast, data, sizes)


def long_clips(cast: Callable[[int], Cast], data: str, sizes: Sizes) -> Iterator[Clip]:
    """Those for tracking alone."""
    yield from staging.simple_walks(cast(sizes.long_drawings), data, sizes)
    yield from staging.crossing_walks(cast(sizes.long_drawings), data, sizes)


def clips(art: Path | None, sizes: Sizes, data: frozenset[str], draw: Draw = every_clip) -> Iterator[Clip]:
    """The clips of the sets in ``data``; the same arguments give the same clips.

    Raises:
        DataError: the art is missing.
    """
    cv2.setNumThreads(1)
    if "studio" in data:
        yield from draw(studio_cast, "studio", sizes)
    held_out = None if art is None else art_cast(art)
    if held_out is not None and data & {"art", "broadcast"}:
        for clip in draw(lambda frames: held_out, "art", sizes):
            if "art" in data:
                yield clip
            if "broadcast" in data:
                yield broadcast(clip)
    if held_out is not None and "fresh" in data:
        yield from draw(lambda frames: held_out, "fresh", sizes)


def weights_digest() -> str:
    """Twelve characters that change when any committed network does; ``none`` outside a checkout."""
    from triton_anime_export.folders import CHECKOUT

    digest, found = hashlib.sha256(), False
    for path in sorted((CHECKOUT / "model_repository").glob("*/1/model.onnx")):
        digest.update(path.read_bytes())
        found = True
    return digest.hexdigest()[:12] if found else "none"


def _left(drawn: Iterator[Clip], done: frozenset[tuple[str, str]]) -> Iterator[Clip]:
    return (clip for clip in drawn if (clip.data, clip.name) not in done)


def _versions() -> dict[str, str]:
    return {"Python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def _code_digest() -> str:
    """Changes when any line of either package does."""
    digest = hashlib.sha256()
    for folder in (*triton_anime.__path__, *triton_anime_export.__path__):
        for path in sorted(Path(folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _rounded(values: Any) -> Any:
    if isinstance(values, dict):
        return {name: _rounded(value) for name, value in values.items()}
    return round(float(values), 5)
