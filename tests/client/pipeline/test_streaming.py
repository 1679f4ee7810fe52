"""Drawings on their way: in order, bounded in memory, whatever the timing, and what ends a run."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.drawings import Drawing
from triton_anime.errors import ModelError
from triton_anime.pipeline import Pipeline
from triton_anime.server import FakeServer
from triton_anime.settings import Settings

U8 = NDArray[np.uint8]
Tensors = dict[str, NDArray[Any]]


def test_a_shot_is_the_same_alone_and_among_others_whatever_the_timing(
    scene: Any, keys: Any, run: Any
) -> None:
    first, second = scene(count=7, pan=(1.3, 0)).frames, scene(count=5, step=-9).frames
    rng = np.random.default_rng(0)
    lock = threading.Lock()

    def slowly(function: Callable[[Tensors], Tensors]) -> Callable[[Tensors], Tensors]:
        def later(inputs: Tensors) -> Tensors:
            with lock:
                pause = float(rng.uniform(0, 0.01))
            time.sleep(pause)
            return function(inputs)

        return later

    delayed = {name: slowly(function) for name, function in keys.networks().items()}
    together = run(FakeServer(delayed), first, second, first, shots_in_flight=3)
    alone = run(keys.server(), first, drawings_in_flight=1, threads=1)
    assert len(together) == 19
    for one, other in zip(together[:7], alone, strict=True):
        for name in ("character", "effects", "background", "identity"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for one, other in zip(together[:7], together[12:], strict=True):
        assert np.array_equal(one.background, other.background)


def furthest_ahead(pipeline: Pipeline, drawings: Iterator[Drawing], results: int) -> int:
    """How many drawings beyond its last result the pipeline has read, at the most."""
    read = 0

    def watched() -> Iterator[Drawing]:
        nonlocal read
        for drawing in drawings:
            read = drawing.first.index
            yield drawing

    layers = pipeline.run(watched())
    furthest = max(read - next(layers).drawing.first.index for _ in range(results))
    layers.close()
    return furthest


def test_reads_no_further_ahead_than_its_windows(scene: Any, keys: Any, drawings: Any) -> None:
    frames = scene(count=4, height=90, width=160).frames
    pipeline = Pipeline(keys.server(), Settings(look_ahead=3))
    assert furthest_ahead(pipeline, drawings(frames * 60), 60) < 40
    time.sleep(0.2)
    assert not [t for t in threading.enumerate() if t.name in ("shot", "steady", "feed")]


def test_memory_is_bounded_while_a_video_network_looks_ahead(
    scene: Any, keys: Any, drawings: Any, video_networks: Any
) -> None:
    frames = scene(count=4, height=90, width=160).frames
    pipeline = Pipeline(keys.server(**video_networks), Settings(look_ahead=3, video_inpainting="sttn"))
    # beyond what is read without a video network: to the last reference of the window five drawings on
    assert furthest_ahead(pipeline, drawings(frames * 90), 250) < 40 + 45


class Forgetful(list[Any]):
    """The calls of a fake server that keeps nothing alive."""

    def append(self, item: Any) -> None:
        pass


def test_what_waits_for_a_video_network_is_packed(
    scene: Any, keys: Any, drawings: Any, video_networks: Any
) -> None:
    frames = scene(count=4, height=90, width=160).frames
    pictures: list[weakref.ref[U8]] = []

    def many() -> Iterator[Drawing]:
        for drawing in drawings(frames * 30):
            image = drawing.first.image.copy()
            pictures.append(weakref.ref(image))
            yield replace(drawing, first=replace(drawing.first, image=image), is_shot_end=False)

    settings = Settings(look_ahead=3, video_inpainting="sttn", working_long_side=64)
    server = keys.server(**video_networks)
    server.calls = Forgetful()
    layers = Pipeline(server, settings).run(many())
    first = next(layers)
    assert len(pictures) > 45
    # the others are on their way to the filler or, packed, behind it
    assert sum(picture() is not None for picture in pictures) < 25
    assert np.array_equal(first.drawing.first.image, frames[0])
    layers.close()


def test_a_failing_model_ends_the_run_with_its_error(scene: Any, keys: Any, run: Any) -> None:
    def broken(inputs: Tensors) -> Tensors:
        raise ModelError("segment_frame ran out of memory; use a smaller working size")

    with pytest.raises(ModelError, match="out of memory"):
        run(keys.server(segment_frame=broken), scene(count=5).frames)


def test_a_failing_reader_ends_the_run_after_what_was_read(scene: Any, keys: Any, drawings: Any) -> None:
    def cut_off() -> Iterator[Drawing]:
        yield from drawings(scene(count=3).frames)
        raise OSError("the disk was pulled")

    layers = Pipeline(keys.server(), Settings()).run(cut_off())
    assert len([next(layers) for _ in range(3)]) == 3
    with pytest.raises(OSError, match="pulled"):
        next(layers)
