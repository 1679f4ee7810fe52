"""ProPainter over shots of any length, by a server whose answers tell what it was shown."""

from __future__ import annotations

import tracemalloc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.errors import InputError
from triton_anime.fillers.propainter import BYTES, WINDOW, ProPainterInpainter
from triton_anime.fillers.window import Shown
from triton_anime.server import FakeServer, ServedModel, TensorDescription

U8 = NDArray[np.uint8]
Tensors = dict[str, NDArray[Any]]

SIZE = (12, 20)
INVENTED = 201
"""What the server draws where no picture shows anything."""


def propagate_video(given: Tensors) -> Tensors:
    """A still camera: what is hidden is taken from the nearest picture that shows it. Flow i is i."""
    frames, hidden = given["FRAMES"], given["MASKS"] > 0
    found, unknown = frames.copy(), hidden.copy()
    for i in range(len(frames)):
        for j in sorted(range(len(frames)), key=lambda j: abs(i - j)):
            new = unknown[i] & ~hidden[j]
            found[i][new] = frames[j][new]
            unknown[i] &= ~new
    found[unknown] = 128
    count = frames[:-1, 0, 0, 0].astype(np.float32)
    flow = np.broadcast_to(count[:, None, None, None], (len(count), *SIZE, 2))
    return {
        "FOUND": found,
        "UNKNOWN": unknown * np.uint8(255),
        "FLOW_FORWARD": flow,
        "FLOW_BACKWARD": -flow,
    }


def inpaint_video(given: Tensors) -> Tensors:
    """What is unknown is INVENTED, and outside the holes there is rubbish."""
    plates = np.where(given["MASKS"][..., None] > 0, given["FRAMES"], 255 - given["FRAMES"])
    plates[given["UNKNOWN"] > 0] = INVENTED
    return {"PLATES": plates}


class Recorded(FakeServer):
    """Keeps its calls; ``windows`` are the lengths that it reports of its graphs."""

    def __init__(self, windows: dict[str, int] | None = None, **functions: Any) -> None:
        super().__init__({"propagate_video": propagate_video, "inpaint_video": inpaint_video, **functions})
        self._windows = windows or {}

    def models(self) -> list[ServedModel]:
        return [
            ServedModel(name, "", True, (TensorDescription("MASKS", "UINT8", (count, -1, -1)),), ())
            for name, count in self._windows.items()
        ]

    def asked(self, model: str) -> list[Tensors]:
        return [given for name, given in self.calls if name == model]


def moving(count: int, span: slice = slice(None)) -> Iterator[Shown]:
    """A still painting behind a hole that walks over it; the corner of picture i is i % 256."""
    scene = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    hidden = range(count)[span]
    for i in range(count):
        hole = np.zeros(SIZE, np.uint8)
        frame = scene.copy()
        frame[0, 0] = i % 256
        if i in hidden:
            hole[7:10, i % 15 : i % 15 + 3] = 255
            frame[hole > 0] = 13
        yield Shown(frame, hole)


def filled(server: FakeServer, shot: list[Shown], **options: Any) -> list[U8]:
    # One pixel of this grid is one of the pictures: masks are widened by four.
    return list(ProPainterInpainter(server, grid=SIZE, **options).fill(iter(shot)))


@pytest.mark.parametrize("count", [0, 1, 2, 5, 11, 12, 26, 80, 81, 97, 170])
def test_a_still_scene_is_filled_with_what_other_pictures_show(count: int) -> None:
    shot = list(moving(count))
    server = Recorded()
    plates = filled(server, shot)
    assert len(plates) == count
    scene = next(moving(1, slice(0))).frame
    for shown, plate in zip(shot, plates, strict=True):
        np.testing.assert_array_equal(plate[shown.hole == 0], shown.frame[shown.hole == 0])
        wanted = scene[shown.hole > 0] if count >= 26 else plate[shown.hole > 0]
        np.testing.assert_array_equal(plate[shown.hole > 0], wanted)
    if count == 1:
        assert (plates[0][shot[0].hole > 0] == INVENTED).all()
        assert not server.asked("propagate_video")


def test_what_no_picture_shows_is_drawn() -> None:
    shot = list(moving(30))
    for shown in shot:
        shown.hole[4, 18] = 255
    for plate in filled(Recorded(), shot):
        assert (plate[4, 18] == INVENTED).all()


# ---------------------------------------------------------------- the authors' schedule


def numbers(frames: U8) -> list[int]:
    return [int(value) for value in frames[:, 0, 0, 0]]


@pytest.mark.parametrize("count", [3, 7, 40, 80])
def test_windows_and_references_of_the_authors(count: int) -> None:
    """Held against their loop over the middles 0, 5, 10, ..."""
    server = Recorded()
    filled(server, list(moving(count)))
    calls = server.asked("inpaint_video")
    assert len(calls) == len(range(0, count, 5))
    for middle, given in zip(range(0, count, 5), calls, strict=True):
        near = [i for i in range(middle - 5, middle + 6) if 0 <= i < count]
        assert numbers(given["FRAMES"]) == near
        others = [i for i in range(0, count, 10) if i not in near]
        assert numbers(given.get("REFERENCES", given["FRAMES"][:0])) == others
        assert given["NETWORK"].tolist() == [b"propainter_generate"]
        for name in ("MASKS", "UNKNOWN"):
            assert len(given[name]) == len(near)
            assert len(given.get(f"REFERENCE_{name}", ())) == len(others)


def test_a_long_shot_looks_forty_pictures_around() -> None:
    server = Recorded()
    filled(server, list(moving(200)))
    for middle, given in zip(range(0, 200, 5), server.asked("inpaint_video"), strict=True):
        near = [i for i in range(middle - 5, middle + 6) if 0 <= i < 200]
        assert numbers(given["FRAMES"]) == near
        around = [i for i in range(0, 200, 10) if abs(i - middle) <= 40 and i not in near]
        assert numbers(given["REFERENCES"]) == around
        # also where two sub-videos meet, each flow is the one that leads from its picture
        wanted = np.array(near[:-1], np.float32)
        np.testing.assert_array_equal(given["FLOW_FORWARD"][:, 3, 4, 1], wanted)
        np.testing.assert_array_equal(given["FLOW_BACKWARD"][:, 3, 4, 1], -wanted)


@pytest.mark.parametrize(("count", "subvideo"), [(80, 80), (81, 80), (250, 80), (64, 20), (45, 11)])
def test_parts_have_ten_pictures_around_them(count: int, subvideo: int) -> None:
    server = Recorded()
    filled(server, list(moving(count)), subvideo=subvideo)
    around = min(10, subvideo // 4)
    wanted = [
        list(range(max(0, first - around), min(count, first + subvideo + around)))
        for first in range(0, count, subvideo)
    ]
    assert [numbers(given["FRAMES"]) for given in server.asked("propagate_video")] == wanted


def test_masks_are_widened_by_four_of_the_networks_pixels() -> None:
    hole = np.zeros((24, 40), np.uint8)
    hole[12, 20] = 255
    shot = [Shown(np.full((24, 40, 3), 50, np.uint8), hole)] * 2

    def unmoved(given: Tensors) -> Tensors:
        still = np.zeros((1, 24, 40, 2), np.float32)
        mine = {"FOUND": given["FRAMES"], "UNKNOWN": given["MASKS"]}
        return {**mine, "FLOW_FORWARD": still, "FLOW_BACKWARD": still}

    server = Recorded(propagate_video=unmoved)
    list(ProPainterInpainter(server, grid=(12, 20)).fill(shot))
    for model in ("propagate_video", "inpaint_video"):
        (given,) = server.asked(model)
        rows, columns = np.nonzero(given["MASKS"][0])
        assert (abs(rows - 12) + abs(columns - 20)).max() == 8
        assert len(rows) == 1 + 2 * 8 * 9  # a diamond


def test_what_is_drawn_twice_is_averaged_in_order() -> None:
    drawn = iter(range(10, 255, 16))

    def another(given: Tensors) -> Tensors:
        return {"PLATES": np.full_like(given["FRAMES"], next(drawn))}

    shot = list(moving(17))
    plates = filled(Recorded(inpaint_video=another), shot)
    # picture i is drawn around the middles 0, 5, 10, 15 no further than five away
    for i, (shown, plate) in enumerate(zip(shot, plates, strict=True)):
        mean = None
        for number, middle in enumerate(range(0, 17, 5)):
            if abs(i - middle) <= 5:
                value = 10 + 16 * number
                mean = value if mean is None else (mean + value) / 2
        assert mean is not None
        assert (plate[shown.hole > 0] == round(mean)).all()


# ---------------------------------------------------------------- what is asked, and what is held


def test_where_nothing_is_hidden_nobody_is_asked() -> None:
    server = Recorded()
    shot = list(moving(30, slice(0)))
    for shown, plate in zip(shot, filled(server, shot), strict=True):
        np.testing.assert_array_equal(plate, shown.frame)
    assert not server.calls
    # nor around a hole, further away than windows and sub-videos reach
    filled(server, list(moving(250, slice(168, 171))))
    assert len(server.asked("propagate_video")) == 2
    assert [numbers(given["FRAMES"])[0] for given in server.asked("inpaint_video")] == [160, 165, 170]


def test_flows_of_pictures_without_holes_are_known_where_a_window_needs_them() -> None:
    server = Recorded()
    filled(server, list(moving(100, slice(26, 27))), subvideo=11)
    calls = server.asked("inpaint_video")
    assert [numbers(given["FRAMES"])[0] for given in calls] == [20, 25]
    for given in calls:
        pictures = numbers(given["FRAMES"])
        np.testing.assert_array_equal(given["FLOW_FORWARD"][:, 3, 4, 0], pictures[:-1])


def test_an_answer_does_not_depend_on_stretches_that_are_left_out() -> None:
    hidden = slice(154, 163)
    alone, everywhere = list(moving(250, hidden)), list(moving(250))
    for i, (one, other) in enumerate(
        zip(filled(Recorded(), alone), filled(Recorded(), everywhere), strict=True)
    ):
        if i in range(250)[hidden]:
            np.testing.assert_array_equal(one, other)


class Forgetful(Recorded):
    """Keeps no calls, or all pictures would be held by them."""

    def infer(self, *arguments: Any, **options: Any) -> Any:
        answer = super().infer(*arguments, **options)
        self.calls.clear()
        return answer


@pytest.mark.parametrize("subvideo", [80, 20])
def test_however_long_a_shot_is_few_pictures_are_held(subvideo: int) -> None:
    alive: list[weakref.ref[Shown]] = []
    most, ahead, given, taken = 0, 0, 0, 0

    def shot() -> Iterator[Shown]:
        nonlocal most, ahead, given
        for shown in moving(400):
            alive[:] = [one for one in alive if one() is not None]
            alive.append(weakref.ref(shown))
            given += 1
            most, ahead = max(most, len(alive)), max(ahead, given - taken)
            yield shown
            del shown

    filler = ProPainterInpainter(Forgetful(), grid=SIZE, subvideo=subvideo)
    for _ in filler.fill(shot()):
        taken += 1
    assert taken == given == 400
    around = 2 * min(10, subvideo // 4)
    assert subvideo + around <= most <= 2 * subvideo + around
    assert ahead <= 2 * subvideo + around


def test_large_pictures_are_propagated_in_shorter_parts() -> None:
    filler = ProPainterInpainter(Recorded())
    assert filler.length(360, 640) == 80
    assert filler.length(288, 512) == 80
    assert filler.length(720, 1280) == 13
    assert filler.length(2160, 3840) == 11
    assert ProPainterInpainter(Recorded(), subvideo=30).length(360, 640) == 30
    for room in range(17, 200):
        memory = (room + WINDOW) * BYTES * 100
        length = ProPainterInpainter(Recorded(), memory_bytes=memory).length(10, 10)
        assert length == 80 or room - 2 <= length + 2 * min(10, length // 4) <= room


# ---------------------------------------------------------------- what the server says, and what is refused


def test_lengths_of_the_graphs_are_those_of_the_server() -> None:
    windows = {"propainter_complete": 4, "propainter_propagate": 3, "propainter_generate": 5, "sttn": 9}
    server = Recorded(windows)
    filled(server, list(moving(9)))
    (given,) = server.asked("propagate_video")
    assert given["WINDOWS"].tolist() == [4, 3]
    assert [numbers(given["FRAMES"]) for given in server.asked("inpaint_video")] == [
        [0, 1, 2],
        [0, 1, 2, 3, 4],
        [2, 3, 4, 5, 6],
        [4, 5, 6, 7, 8],
        [6, 7, 8],
    ]
    assert {given["WINDOW"].item() for given in server.asked("inpaint_video")} == {5}
    silent = Recorded()
    filled(silent, list(moving(9)))
    assert silent.asked("propagate_video")[0]["WINDOWS"].tolist() == [11, 31]
    assert silent.asked("inpaint_video")[0]["WINDOW"].tolist() == [11]


def test_a_sub_video_shorter_than_a_window_is_refused() -> None:
    with pytest.raises(InputError, match="subvideo is 10; ProPainter needs 11 pictures at least"):
        ProPainterInpainter(Recorded(), subvideo=10)


@pytest.mark.parametrize(("count", "subvideo"), [(200, 80), (70, 20), (60, 11)])
def test_the_memory_is_what_the_length_is_reckoned_with(count: int, subvideo: int) -> None:
    """Of this process, on pictures large enough to matter; the server's answers are new arrays."""
    size = (48, 80)
    hole = np.zeros(size, np.uint8)
    hole[20:30, 30:40] = 255

    def answer(given: Tensors) -> Tensors:
        flow = (len(given["FRAMES"]) - 1, *size, 2)
        found = {"FOUND": given["FRAMES"].copy(), "UNKNOWN": given["MASKS"].copy()}
        return {
            **found,
            "FLOW_FORWARD": np.ones(flow, np.float32),
            "FLOW_BACKWARD": np.ones(flow, np.float32),
        }

    shot = (Shown(np.full((*size, 3), i % 256, np.uint8), hole.copy()) for i in range(count))
    server = Forgetful(propagate_video=answer, inpaint_video=lambda given: {"PLATES": given["FRAMES"].copy()})
    tracemalloc.start()
    try:
        for _ in ProPainterInpainter(server, subvideo=subvideo).fill(shot):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    reckoned = BYTES * size[0] * size[1] * (subvideo + 2 * min(10, subvideo // 4) + WINDOW)
    assert 0.7 * reckoned < peak < 1.1 * reckoned
