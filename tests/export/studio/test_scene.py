"""The truth of a composed shot is exact."""

import numpy as np

from triton_anime_export.studio.director import Cast, stage
from triton_anime_export.studio.scene import Actor, Scene, compose, draw_frame, similarity
from triton_anime_export.studio.source import Source

SIZE = (64, 48)


def _square(kind, size, colour, alpha=255, **more):
    rgba = np.zeros((size, size, 4), np.uint8)
    rgba[..., :3] = colour
    rgba[..., 3] = alpha
    return Source(kind, f"{kind}-{size}", (rgba,), **more)


def _backdrop():
    rng = np.random.default_rng(3)
    rgb = rng.integers(0, 255, (96, 128, 3), np.uint8)
    return Source("backdrop", "noise", (np.dstack([rgb, np.full((96, 128), 255, np.uint8)]),))


def _still(source, x, y, count=2, step=(0, 0)):
    h, w = source.drawings[0].shape[:2]
    motion = [similarity(x + step[0] * t, y + step[1] * t, 1.0, 0.0, False, (w, h)) for t in range(count)]
    return Actor(source, motion, [0] * count)


def test_layers_recompose_the_frame():
    character = _still(_square("character", 16, (200, 10, 10), alpha=128), 32, 24)
    glow = _still(_square("effect", 10, (40, 40, 0), additive=True, effect_type="fire"), 10, 10)
    shot = compose(_still(_backdrop(), 32, 24), [character, glow], [np.eye(3)] * 2, SIZE)
    clear = (shot.alpha == 0) & (shot.effect == 0)
    assert clear.any()
    assert np.array_equal(shot.frames[clear], shot.plate[clear])
    a = shot.alpha[0, 20:28, 28:36, None] / 255.0
    expected = a * np.array([200, 10, 10]) + (1 - a) * shot.plate[0, 20:28, 28:36]
    assert np.abs(expected - shot.frames[0, 20:28, 28:36]).max() <= 2
    lit = shot.frames[0, 10, 10].astype(int) - shot.plate[0, 10, 10]
    assert lit.max() <= 41
    assert shot.effect[0, 10, 10] == 40
    assert shot.effect_type[0, 10, 10] == 2


def test_flow_points_to_the_same_thing_in_the_next_frame():
    character = _still(_square("character", 16, (200, 10, 10)), 20, 24, step=(8, -4))
    camera = [np.eye(3), similarity(32 + 2, 24, 1.0, 0.0, False, (64, 48))]
    shot = compose(_still(_backdrop(), 32, 24), [character], camera, SIZE)
    assert shot.ids[0, 24, 20] == 1
    assert shot.flow[0, :, 12, 10].tolist() == [10.0, -4.0]
    assert shot.flow[0, :, 2, 2].tolist() == [2.0, 0.0]
    # What the character uncovers is not in the first frame; what it covers is not valid there.
    assert shot.flow_valid[0, 12, 10] == 1
    assert shot.flow_valid[0, 10, 17] == 0


def test_an_object_in_front_hides_a_character_and_belongs_to_the_plate():
    character = _still(_square("character", 24, (0, 200, 0)), 32, 24)
    chair = _still(_square("object", 8, (0, 0, 200)), 32, 24)
    shot = compose(_still(_backdrop(), 32, 24), [character, chair], [np.eye(3)] * 2, SIZE)
    assert shot.alpha[0, 24, 32] == 0
    assert shot.objects[0, 24, 32] == 255
    assert np.array_equal(shot.plate[0, 24, 32], (0, 0, 200))


def test_the_same_seed_draws_the_same_shot():
    cast = Cast(
        [_square("character", 40, (9, 99, 9))],
        [_backdrop()],
        [_square("effect", 20, (9, 9, 200), effect_type="smoke")],
        [],
    )
    one, two = (stage(np.random.default_rng(5), cast, SIZE, 3) for _ in range(2))
    other = stage(np.random.default_rng(6), cast, SIZE, 3)
    assert np.array_equal(one.frames, two.frames)
    assert not np.array_equal(one.frames, other.frames)


def test_alphas_of_single_characters_add_up_to_the_alpha_of_all():
    people = [_still(_square("character", 20, (90 * n, 10, 10), alpha=128), 26 + 8 * n, 24) for n in range(3)]
    smoke = _still(_square("effect", 12, (200, 200, 200), alpha=100, effect_type="smoke"), 34, 24)
    scene = Scene(_still(_backdrop(), 32, 24), [*people, smoke], [np.eye(3)] * 2, SIZE)
    frame = draw_frame(scene, 0, instances=True)
    assert frame.characters.shape == (3, 48, 64)
    assert np.abs(frame.characters.astype(int).sum(axis=0) - frame.alpha).max() <= 2
    # The last one stands in front; smoke takes its share of everybody.
    assert frame.characters[2, 24, 50] == 128
    assert 0 < frame.characters[1, 24, 34] < 80
    assert draw_frame(scene, 0).characters.shape == (0, 48, 64)
