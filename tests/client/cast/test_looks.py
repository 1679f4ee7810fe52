"""Looks of a shot come with its last drawing, with the network's embeddings where one is served."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.cast.crops import LONG_SIDE
from triton_anime.cast.looks import described, embedder, with_looks
from triton_anime.characters import views
from triton_anime.drawing_layers import DrawingLayers
from triton_anime.drawings import Drawing
from triton_anime.errors import ModelError, RoleAbsentError
from triton_anime.roles import EMBEDDINGS, Roles
from triton_anime.server import FakeServer
from triton_anime.video import Frame

Tensors = dict[str, NDArray[Any]]


def mean_colour(inputs: Tensors) -> Tensors:
    weights = inputs["MASKS"][..., None] / 255
    return {"EMBEDDING": (inputs["FRAME"] * weights).sum(axis=(1, 2)) / weights.sum(axis=(1, 2))}


def layers(index: int, rgba: NDArray[np.uint8], is_end: bool) -> DrawingLayers:
    character = np.zeros((200, 320, 4), np.uint8)
    character[10 : 10 + rgba.shape[0], 30 + index : 30 + index + rgba.shape[1]] = rgba
    identity = (character[..., 3] > 127).astype(np.uint8) * np.uint8(3)
    image = np.ascontiguousarray(character[..., :3])
    moment = Fraction(index, 12)
    drawing = Drawing(2, Frame(index, moment, image), ((index, moment),), False, is_end)
    return DrawingLayers(
        drawing=drawing,
        character=character,
        effects=np.zeros_like(character),
        background=image,
        identity=identity,
        characters=views(identity, None),
        effects_found=(),
        effect_intensity=None,
        inpainted=False,
        mask_quality=None,
        background_quality=None,
        recovered_share=0.0,
        invented_share=0.0,
        motion_magnitude=None,
        residual_psnr=99.0,
        residual_mae=0.0,
        absent_roles=frozenset(),
    )


def test_the_last_drawing_has_the_looks(person: Any) -> None:
    def shot() -> Iterator[DrawingLayers]:
        for index in range(40):
            yield layers(index, person("mei", height=120 + index), index == 39)

    found = list(with_looks(shot(), lambda crops: None))
    assert [len(item.looks) for item in found] == [0] * 39 + [1]
    looks = found[-1].looks[3]
    assert len(looks) == 3
    assert all(after.frame - look.frame >= 8 for look, after in itertools.pairwise(looks))
    assert looks[-1].box == found[looks[-1].frame].characters[0].bbox
    assert all(look.embedding is None for look in looks)


def test_a_shot_of_nobody() -> None:
    asked: list[Any] = []
    empty = np.zeros((5, 5, 4), np.uint8)
    (found,) = with_looks(iter([layers(0, empty, True)]), asked.append)
    assert found.looks == {}
    assert asked == []


def test_all_crops_are_embedded_at_once(person: Any, crop: Any) -> None:
    server = FakeServer({"embed_character": mean_colour})
    crops = {1: (crop(person("mei")), crop(person("mei", height=60))), 4: (crop(person("kenji")),)}
    found = described(crops, embedder(Roles(server)))
    ((_, sent),) = server.calls
    assert sent["FRAME"].shape == (3, LONG_SIDE, LONG_SIDE, 3)
    assert sent["MASKS"].shape == (3, LONG_SIDE, LONG_SIDE)
    assert sent["FRAME"].dtype == sent["MASKS"].dtype == np.uint8
    # whatever its size a crop fills the square
    assert all(mask.any(axis=1).mean() > 0.95 for mask in sent["MASKS"])
    mei, small = (look.embedding for look in found[1])
    assert mei is not None
    assert small is not None
    assert np.linalg.norm(mei) == pytest.approx(1)
    assert mei @ small > 0.99
    assert found[4][0].embedding is not None
    assert mei @ found[4][0].embedding < 0.95


def test_the_role_is_not_missed() -> None:
    roles = Roles(FakeServer({}))
    assert EMBEDDINGS not in roles.absent
    assert not roles.has(EMBEDDINGS)


def test_without_a_network_colours_decide(person: Any, crop: Any) -> None:
    def refuses(inputs: Tensors) -> Tensors:
        raise RoleAbsentError("dinov2, which embed_character calls, is not served")

    for server in (FakeServer({}), FakeServer({"embed_character": refuses})):
        found = described({1: (crop(person("mei")),)}, embedder(Roles(server)))
        assert found[1][0].embedding is None


def test_an_answer_of_another_length_is_refused(person: Any, crop: Any) -> None:
    server = FakeServer({"embed_character": lambda inputs: {"EMBEDDING": np.zeros((2, 8), np.float32)}})
    with pytest.raises(ModelError, match="1 crops"):
        described({1: (crop(person("mei")),)}, embedder(Roles(server)))
