from __future__ import annotations

import numpy as np
import pytest

from triton_anime.prompts import DEFAULT_PROMPTS, LENGTH, VOCABULARY, effect_type, token_batch, tokens


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        *zip(DEFAULT_PROMPTS, ("energy_glow", "fire", "light_beam", "sparkles", "explosion"), strict=True),
        ("Blue Lightning!", "lightning"),
        ("fire explosion", "explosion"),
        ("explosion with smoke clouds", "smoke"),
        ("speed lines", "speed_lines"),
        ("splashes", "water"),
        ("VFX", "effect"),
        ("cherry blossoms", "cherry_blossoms"),
        ("閃電", "閃電"),
        ("!?", "effect"),
    ],
)
def test_names_of_effects(prompt: str, name: str) -> None:
    assert effect_type(prompt) == name


def test_tokens_are_stable_padded_and_within_the_vocabulary() -> None:
    row = tokens("blue lightning")
    assert row.dtype == np.int32
    assert row.shape == (LENGTH,)
    # These very ids are what the committed text tower was trained on.
    assert row[:4].tolist() == [2731, 2029, 567, 3579]
    assert np.count_nonzero(row) == 2 + 1 + len("blue") + len("lightning")
    assert (row >= 0).all()
    assert (row < VOCABULARY).all()


def test_case_width_and_punctuation_do_not_matter_order_does() -> None:
    assert np.array_equal(tokens("Blue lightning"), tokens("  blue, LIGHTNING. "))
    assert np.array_equal(tokens("ｂｌｕｅ fire"), tokens("blue fire"))
    assert not np.array_equal(tokens("blue fire red water"), tokens("red fire blue water"))


def test_long_and_empty_prompts() -> None:
    assert np.count_nonzero(tokens("word " * 100)) == LENGTH
    assert not tokens("...").any()
    assert token_batch([]).shape == (0, LENGTH)
    assert token_batch(["a", "b"]).shape == (2, LENGTH)
