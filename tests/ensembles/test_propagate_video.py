"""propagate_video over functions: windows of configuration and request, refusals, absent networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

Tensors = dict[str, NDArray[Any]]


def estimate_flow(given: Tensors) -> Tensors:
    flow = np.ones((*given["FRAME0"].shape[:3], 2), np.float32)
    return {"FORWARD": flow, "BACKWARD": -flow}


def graphs(taken: dict[str, set[int]]) -> dict[str, Callable[[Tensors], Tensors]]:
    """Networks that write down how many frames they were given."""

    def complete(given: Tensors) -> Tensors:
        taken.setdefault("complete", set()).add(len(given["MASKS"]))
        hidden = given["MASKS"][:-1, ..., None] > 0
        return {
            "COMPLETED_FORWARD": np.where(hidden, np.float32(7), given["FLOW_FORWARD"]),
            "COMPLETED_BACKWARD": given["FLOW_BACKWARD"],
        }

    def propagate(given: Tensors) -> Tensors:
        taken.setdefault("propagate", set()).add(len(given["FRAMES"]))
        hidden = given["MASKS"] > 0
        assert (given["FLOW_FORWARD"][0, hidden[0]] == 7).all()
        return {
            "FOUND": np.where(hidden[..., None], np.uint8(128), given["FRAMES"]),
            "UNKNOWN": np.where(hidden, np.uint8(255), np.uint8(0)),
        }

    return {"propainter_complete": complete, "propainter_propagate": propagate}


def video(count: int) -> Tensors:
    frames = np.random.default_rng(0).integers(0, 256, (count, 6, 8, 3), dtype=np.uint8)
    masks = np.zeros((count, 6, 8), np.uint8)
    masks[:, 2:4, 3:6] = 255
    return {"FRAMES": frames, "MASKS": masks}


@pytest.mark.parametrize(
    ("parameters", "asked", "wanted"),
    [
        ({}, None, (11, 31)),
        ({"complete_window": "6", "propagate_window": "9"}, None, (6, 9)),
        ({"complete_window": "6", "propagate_window": "9"}, (4, 3), (4, 3)),
    ],
)
def test_windows_are_those_of_the_graphs(
    ensemble: Any, parameters: dict[str, str], asked: tuple[int, int] | None, wanted: tuple[int, int]
) -> None:
    taken: dict[str, set[int]] = {}
    model = ensemble("propagate_video", parameters, estimate_flow=estimate_flow, **graphs(taken))
    sent = video(13)
    found = model(**sent, **({} if asked is None else {"WINDOWS": np.array(asked, np.int32)}))
    assert taken == {"complete": {wanted[0]}, "propagate": {wanted[1]}}
    hole = sent["MASKS"] > 0
    np.testing.assert_array_equal(found["FOUND"][~hole], sent["FRAMES"][~hole])
    assert (found["FOUND"][hole] == 128).all()
    np.testing.assert_array_equal(found["UNKNOWN"] > 0, hole)
    assert (found["FLOW_FORWARD"][hole[:-1]] == 7).all()
    assert (found["FLOW_FORWARD"][~hole[:-1]] == 1).all()
    assert (found["FLOW_BACKWARD"] == -1).all()


def test_the_published_windows_are_configured() -> None:
    from triton_anime.repository import Catalogue, ensemble_repository
    from triton_anime.serving.propagation import Windows

    model = Catalogue([ensemble_repository()])["propagate_video"]
    usual = Windows()
    assert model.config.parameters["complete_window"] == str(usual.complete)
    assert model.config.parameters["propagate_window"] == str(usual.propagate)


def test_refusals_are_one_line(ensemble: Any, refused: type[Exception]) -> None:
    model = ensemble("propagate_video", estimate_flow=estimate_flow, **graphs({}))
    with pytest.raises(refused, match=r"^propagate_video: FRAMES is \[1, 6, 8, 3\]; send two frames"):
        model(**video(1))
    with pytest.raises(refused, match=r"^propagate_video: WINDOWS is 0, 31"):
        model(**video(2), WINDOWS=np.array([0, 31], np.int32))


def test_networks_that_are_not_there(ensemble: Any, refused: type[Exception]) -> None:
    with pytest.raises(refused, match="role video inpainting is not served: Model propainter_complete"):
        ensemble("propagate_video", estimate_flow=estimate_flow)(**video(2))
    with pytest.raises(refused, match="role video inpainting failed: unexpected shape"):
        ensemble(
            "propagate_video", estimate_flow=estimate_flow, propainter_complete="unexpected shape for MASKS"
        )(**video(2))
    with pytest.raises(refused, match="role optical flow is not served"):
        ensemble("propagate_video", **graphs({}))(**video(2))
