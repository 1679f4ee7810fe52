"""Video inpainting on the real server by narrow random networks, against their modules in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.errors import InputError, ModelError, RoleAbsentError
from triton_anime.fillers.networks import GRIDS, open_inpainter, pictures_of
from triton_anime.fillers.window import Shown, widened
from triton_anime.repository import ensemble_repository
from triton_anime.server import Server

torch = pytest.importorskip("torch", reason="needs the extra triton-anime[export]")
# A busy machine traces, loads and answers slowly.
pytestmark = [pytest.mark.triton, pytest.mark.timeout(900)]

U8 = NDArray[np.uint8]
SIZE = (48, 72)
"""No pixel of the narrow grids (96x144, 120x108) lies right on one of such a picture: rounding would decide
whether the hole beside that one touches it."""
TAKEN = {"sttn": None, "e2fgvi_hq": 3}
"""Pictures in a window of the narrow graphs."""
LIVELY = {"sttn": 2.4, "e2fgvi_hq": 1.7}
"""By what weights are multiplied: as initialised these networks draw one grey, whatever they are shown."""


@pytest.fixture(scope="module")
def modules() -> dict[str, Any]:
    from triton_anime_export.networks import e2fgvi_hq, sttn
    from triton_anime_export.random_weights import shake

    found = {}
    for network in (sttn.NETWORK, e2fgvi_hq.NETWORK):
        torch.manual_seed(0)
        found[network.name] = module = shake(network, network.build("lite"))
        with torch.no_grad():
            for weight in module.parameters():
                if weight.ndim > 1:
                    weight *= LIVELY[network.name]
    return found


@pytest.fixture(scope="module")
def server(modules: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("pytriton", reason="needs the extra triton-anime[local]")
    from triton_anime.embedded import EmbeddedServer
    from triton_anime_export.networks import e2fgvi_hq, sttn
    from triton_anime_export.to_config import config_text
    from triton_anime_export.to_onnx import write

    folder = tmp_path_factory.mktemp("networks")
    for network in (sttn.NETWORK, e2fgvi_hq.NETWORK):
        write(network, modules[network.name], folder / network.name / "1" / "model.onnx")
        (folder / network.name / "config.pbtxt").write_text(config_text(network), encoding="utf-8")
    with EmbeddedServer(repositories=(folder, ensemble_repository())) as embedded:
        yield embedded.server


def window(count: int, references: int, seed: int = 0) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(seed)

    def pictures(number: int) -> tuple[U8, U8]:
        cells = rng.integers(0, 256, (number, 6, 9, 3), dtype=np.uint8)
        masks = (rng.random((number, 6, 9)) < 0.3).astype(np.uint8) * np.uint8(255)
        large = [np.kron(each, np.ones((8, 8, 1), np.uint8)) for each in cells]
        return np.stack(large), masks.repeat(8, axis=1).repeat(8, axis=2)

    (frames, masks), (others, other_masks) = pictures(count), pictures(max(1, references))
    return {
        "FRAMES": frames,
        "MASKS": masks,
        "REFERENCES": others[:references],
        "REFERENCE_MASKS": other_masks[:references],
    }


def by_module(module: Any, given: dict[str, NDArray[Any]]) -> U8:
    names = ("FRAMES", "MASKS", "REFERENCES", "REFERENCE_MASKS")
    with torch.no_grad():
        found = module(*(torch.from_numpy(np.ascontiguousarray(given[name])) for name in names))
    return np.asarray(found.numpy(), np.uint8)


def ask(server: Server, network: str, given: dict[str, NDArray[Any]], taken: int | None = None) -> U8:
    inputs = {"NETWORK": np.array([network.encode()], object), **given}
    if taken is not None:
        inputs["WINDOW"] = np.array([taken], np.int32)
    return np.asarray(server.infer("inpaint_video", inputs, timeout_s=240)["PLATES"])


def close(found: U8, wanted: U8, most: int = 1) -> None:
    """A level apart where a rounding falls the other way; two where an average of such is rounded again."""
    assert found.shape == wanted.shape
    apart = np.abs(found.astype(int) - wanted)
    assert apart.max() <= most
    assert (apart > 0).mean() < 0.02


@pytest.mark.parametrize(("network", "count"), [("sttn", 4), ("sttn", 1), ("e2fgvi_hq", 3), ("e2fgvi_hq", 2)])
def test_the_server_draws_as_the_module_does(
    server: Server, modules: dict[str, Any], network: str, count: int
) -> None:
    given, taken = window(count, 2), TAKEN[network]
    plates = ask(server, network, given, taken)
    full = dict(given)
    if taken is not None:
        # the last picture is repeated
        order = [min(index, count - 1) for index in range(taken)]
        full |= {name: given[name][order] for name in ("FRAMES", "MASKS")}
    wanted = by_module(modules[network], full)[:count]
    close(plates, wanted)
    blind = by_module(modules[network], full | {"REFERENCES": np.zeros_like(full["REFERENCES"])})[:count]
    assert np.abs(blind.astype(int) - wanted).max() > 8
    outside = given["MASKS"] == 0
    assert np.array_equal(plates[outside], given["FRAMES"][outside])
    assert not np.array_equal(plates, given["FRAMES"])


def test_without_references_the_middle_picture_stands_in(server: Server, modules: dict[str, Any]) -> None:
    given = window(3, 0)
    alone = {name: given[name] for name in ("FRAMES", "MASKS")}
    full = alone | {"REFERENCES": given["FRAMES"][1:2], "REFERENCE_MASKS": given["MASKS"][1:2]}
    wanted = by_module(modules["sttn"], full)
    close(ask(server, "sttn", alone), wanted)
    close(ask(server, "sttn", given), wanted)


def test_what_goes_wrong_is_one_line(server: Server) -> None:
    given = window(2, 1)
    given |= {"UNKNOWN": given["MASKS"], "REFERENCE_UNKNOWN": given["REFERENCE_MASKS"]}
    given |= {name: np.zeros((1, *SIZE, 2), np.float32) for name in ("FLOW_FORWARD", "FLOW_BACKWARD")}
    with pytest.raises(RoleAbsentError, match="role video inpainting is not served: propainter_generate"):
        ask(server, "propainter_generate", given)
    with pytest.raises(ModelError, match="FRAMES has 4 pictures; this network takes 3 at most"):
        ask(server, "e2fgvi_hq", window(4, 1), 3)
    with pytest.raises(ModelError, match=r"role video inpainting failed: .*e2fgvi_hq"):
        # of the published size, as the configuration says; the served one is narrow
        ask(server, "e2fgvi_hq", window(4, 1))
    with pytest.raises(ModelError, match="NETWORK is 'lama'; name one of sttn, e2fgvi_hq"):
        ask(server, "lama", window(2, 1))
    with pytest.raises(InputError, match="video inpainting by propainter needs propainter_complete"):
        open_inpainter(server, "propainter")


def shot(count: int) -> list[Shown]:
    found = []
    for index in range(count):
        made = window(1, 0, seed=100 + index)
        hole = np.zeros(SIZE, np.uint8)
        hole[16:32, 4 * (index % 8) : 4 * (index % 8) + 24] = 255
        found.append(Shown(made["FRAMES"][0], hole))
    return found


def as_the_authors_do(module: Any, pictures: list[Shown], side: int, grid: tuple[int, int]) -> list[U8]:
    """Windows around every picture whose number ``side`` divides, all tens as references, halves averaged."""
    frames = np.stack([picture.frame for picture in pictures])
    masks = np.stack([widened(picture.hole, grid) for picture in pictures])
    found: dict[int, NDArray[np.float64]] = {}
    for middle in range(0, len(pictures), side):
        near = [i for i in range(len(pictures)) if abs(i - middle) <= side]
        tens = [i for i in range(0, len(pictures), 10) if i not in near] or [near[len(near) // 2]]
        order = near if side == 5 else [*near, *near[-1:] * (2 * side + 1 - len(near))]
        given = {"FRAMES": frames[order], "MASKS": masks[order]}
        given |= {"REFERENCES": frames[tens], "REFERENCE_MASKS": masks[tens]}
        for index, plate in zip(near, by_module(module, given), strict=False):
            new = plate.astype(float)
            found[index] = new if index not in found else (found[index] + new) / 2
    return [
        np.where(picture.hole[..., None] > 0, np.rint(found[index]), picture.frame).astype(np.uint8)
        for index, picture in enumerate(pictures)
    ]


@pytest.mark.parametrize(("network", "count", "side"), [("sttn", 12, 5), ("e2fgvi_hq", 4, 1)])
def test_a_shot_is_filled_as_the_authors_do(
    server: Server, modules: dict[str, Any], network: str, count: int, side: int
) -> None:
    pictures = shot(count)
    assert pictures_of(server, network) == TAKEN[network]
    found = list(open_inpainter(server, network).fill(iter(pictures)))
    wanted = as_the_authors_do(modules[network], pictures, side, GRIDS[network])
    assert len(found) == count
    for plate, true, picture in zip(found, wanted, pictures, strict=True):
        close(plate, true, most=2)
        assert np.array_equal(plate[picture.hole == 0], picture.frame[picture.hole == 0])
        assert not np.array_equal(plate, picture.frame)
