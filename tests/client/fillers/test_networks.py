"""The fillers behind one face, with functions in place of networks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.errors import InputError, ModelError
from triton_anime.fillers.lama import LamaInpainter
from triton_anime.fillers.networks import MODELS, WindowInpainter, open_inpainter, pictures_of
from triton_anime.fillers.window import Schedule, Shown, widened
from triton_anime.server import FakeServer, ServedModel, TensorDescription
from triton_anime.settings import VIDEO_INPAINTING, Settings

U8 = NDArray[np.uint8]
Tensors = dict[str, NDArray[Any]]

SIZE = (24, 40)


def shown(index: int, hole: bool = True) -> Shown:
    rng = np.random.default_rng(index)
    mask = np.zeros(SIZE, np.uint8)
    if hole:
        mask[8:16, 4 + index % 20 : 16 + index % 20] = 255
    return Shown(rng.integers(0, 200, (*SIZE, 3), dtype=np.uint8), mask)


def ready(**functions: Any) -> dict[str, Any]:
    return {name: lambda inputs: {} for names in MODELS.values() for name in names} | functions


def flat(level: int) -> Any:
    """A network that paints all of every picture in one level, outside the holes too."""
    return lambda inputs: {"PLATES": np.full_like(inputs["FRAMES"], level)}


@pytest.mark.parametrize("name", ["lama", "sttn", "e2fgvi_hq"])
@pytest.mark.parametrize("count", [0, 1, 7, 23])
def test_one_answer_each_and_only_in_the_hole(name: str, count: int) -> None:
    paint = {
        "inpaint_video": flat(240),
        "inpaint_background": lambda i: {"PLATE": flat(240)({"FRAMES": i["FRAME"]})["PLATES"]},
    }
    shot = [shown(index, hole=index % 3 != 1) for index in range(count)]
    found = list(open_inpainter(FakeServer(ready(**paint)), name).fill(iter(shot)))
    assert len(found) == count
    for plate, picture in zip(found, shot, strict=True):
        inside = picture.hole > 0
        assert np.array_equal(plate[~inside], picture.frame[~inside])
        assert (plate[inside] == 240).all()


def test_what_is_sent() -> None:
    server = FakeServer(ready(inpaint_video=flat(0)))
    shot = [shown(index) for index in range(12)]
    list(WindowInpainter(server, "sttn").fill(shot))
    assert [len(inputs["FRAMES"]) for _, inputs in server.calls] == [6, 11, 7]
    assert [len(inputs.get("REFERENCES", ())) for _, inputs in server.calls] == [1, 0, 1]
    first, _, last = (inputs for _, inputs in server.calls)
    assert first["NETWORK"].tolist() == [b"sttn"]
    assert "WINDOW" not in first
    for index in range(6):
        assert np.array_equal(first["FRAMES"][index], shot[index].frame)
        assert np.array_equal(first["MASKS"][index], widened(shot[index].hole, (240, 432)))
    assert np.array_equal(first["REFERENCES"][0], shot[10].frame)
    assert np.array_equal(last["REFERENCES"][0], shot[0].frame)
    assert np.array_equal(last["REFERENCE_MASKS"][0], widened(shot[0].hole, (240, 432)))


def test_pictures_drawn_again_are_averaged() -> None:
    levels = iter((10, 20, 60))
    server = FakeServer(ready(inpaint_video=lambda inputs: flat(next(levels))(inputs)))
    shot = [shown(index) for index in range(12)]
    found = list(WindowInpainter(server, "sttn").fill(shot))
    inside = [int(np.median(plate[picture.hole > 0])) for plate, picture in zip(found, shot, strict=True)]
    # windows 0-5, 0-10 and 5-11
    assert inside == [15] * 5 + [38] + [40] * 5 + [60]


def test_windows_without_holes_are_not_sent() -> None:
    server = FakeServer(ready(inpaint_video=flat(0)))
    shot = [shown(index, hole=index == 17) for index in range(40)]
    list(WindowInpainter(server, "e2fgvi_hq").fill(shot))
    assert len(server.calls) == 2  # around 15 and around 20


class Narrow(FakeServer):
    """It lists a graph that takes three pictures."""

    def models(self) -> list[ServedModel]:
        frames = TensorDescription("FRAMES", "UINT8", (3, -1, -1, 3))
        return [ServedModel("e2fgvi_hq", "", True, (frames,), ())]


def test_a_graph_of_fewer_pictures_gets_shorter_windows() -> None:
    server = Narrow(ready(inpaint_video=flat(0)))
    assert pictures_of(server, "e2fgvi_hq") == 3
    assert pictures_of(server, "sttn") is None
    list(WindowInpainter(server, "e2fgvi_hq").fill([shown(index) for index in range(4)]))
    assert [len(inputs["FRAMES"]) for _, inputs in server.calls] == [2, 3, 3, 2]
    assert {int(inputs["WINDOW"][0]) for _, inputs in server.calls} == {3}


class Weighed(np.ndarray):  # type: ignore[type-arg]
    """A frame that counts how many of its kind are alive."""

    alive = 0
    most = 0

    @classmethod
    def of(cls, frame: U8) -> Weighed:
        cls.alive += 1
        cls.most = max(cls.most, cls.alive)
        made = frame.view(cls)
        made.counts = True
        return made

    def __del__(self) -> None:
        if getattr(self, "counts", False):
            Weighed.alive -= 1


@pytest.mark.parametrize(("name", "most"), [("lama", 6), ("sttn", 60)])
def test_a_long_shot_is_held_in_part(name: str, most: int) -> None:
    Weighed.alive = Weighed.most = answered = ahead = 0

    def shot() -> Iterator[Shown]:
        nonlocal ahead
        for index in range(400):
            picture = shown(index)
            ahead = max(ahead, index - answered)
            yield Shown(Weighed.of(picture.frame), picture.hole)

    background = {"inpaint_background": lambda inputs: {"PLATE": np.asarray(inputs["FRAME"])}}
    # what a fake server was asked would keep the pictures alive
    server = FakeServer(ready(inpaint_video=flat(9), **background))
    server.calls = Forgetful()
    for plate in open_inpainter(server, name).fill(shot()):
        assert plate.shape == (*SIZE, 3)
        answered += 1
    assert answered == 400
    assert Weighed.most <= most
    assert ahead <= 51
    assert Weighed.alive <= 1


class Forgetful(list[Any]):
    def append(self, item: Any) -> None:
        pass


def test_overlap_hides_a_step_between_windows() -> None:
    """A network whose colours jump from window to window: without averaging the whole jump would be seen."""
    jump = 30
    asked = 0

    def jumpy(inputs: Tensors) -> Tensors:
        nonlocal asked
        asked += 1
        return flat(100 + jump * (asked % 2))(inputs)

    server = FakeServer(ready(inpaint_video=jumpy))
    shot = [Shown(np.zeros((*SIZE, 3), np.uint8), shown(0).hole) for _ in range(60)]
    plates = list(WindowInpainter(server, "sttn").fill(shot))
    inside = [float(plate[picture.hole > 0].mean()) for plate, picture in zip(plates, shot, strict=True)]
    steps = np.abs(np.diff(inside[5:-5]))
    assert 0 < steps.max() <= jump / 4 + 1


def test_a_failing_network_ends_the_shot_with_its_error() -> None:
    def broken(inputs: Tensors) -> Tensors:
        raise ModelError("role video inpainting failed: out of memory")

    server = FakeServer(ready(inpaint_video=broken, inpaint_background=broken))
    for name in ("lama", "sttn"):
        with pytest.raises(ModelError, match="out of memory"):
            list(open_inpainter(server, name).fill([shown(0)]))


@pytest.mark.parametrize("name", MODELS)
def test_what_is_not_served_is_one_line(name: str) -> None:
    with pytest.raises(
        InputError, match=f"video inpainting by {name} needs {', '.join(MODELS[name])}, "
    ) as raised:
        open_inpainter(FakeServer({}), name)
    assert "\n" not in str(raised.value)
    with pytest.raises(InputError, match=f"needs {MODELS[name][-1]}, which the server does not serve"):
        open_inpainter(FakeServer({model: flat(0) for model in MODELS[name][:-1]}), name)


def test_names() -> None:
    assert tuple(MODELS) == VIDEO_INPAINTING
    with pytest.raises(InputError, match="no video inpainting is called 'sora'; choose one of lama, sttn"):
        open_inpainter(FakeServer({}), "sora")
    with pytest.raises(InputError, match="no video inpainting is called 'sora'; choose one of lama, sttn"):
        Settings(video_inpainting="sora")


def test_lama_gets_batches_and_a_wider_hole() -> None:
    server = FakeServer({"inpaint_background": lambda inputs: {"PLATE": inputs["FRAME"]}})
    picture = shown(0)
    assert np.array_equal(next(iter(LamaInpainter(server).fill([picture]))), picture.frame)
    ((_, inputs),) = server.calls
    assert inputs["FRAME"].shape == (1, *SIZE, 3)
    sent = inputs["MASK"][0]
    assert (sent[picture.hole > 0] == 255).all()
    assert np.count_nonzero(sent) > np.count_nonzero(picture.hole)
    assert cv2.countNonZero(sent) < sent.size
    assert Schedule().side == 5
