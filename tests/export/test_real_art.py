"""Pictures in the cards come with their credits, and stay small."""

from __future__ import annotations

from triton_anime.contact_sheet import COLUMNS
from triton_anime.timecode import parse_span
from triton_anime_export.cards.card import card_text
from triton_anime_export.folders import model_folder
from triton_anime_export.networks import find
from triton_anime_export.real_art import PICTURE, SHOWN, part_of


def test_every_picture_is_credited_and_small() -> None:
    for name, looked in SHOWN.items():
        network = find(name)
        assert set(looked.columns) <= set(COLUMNS)
        picture = model_folder(network) / PICTURE
        assert picture.stat().st_size < 200_000
        text = card_text(network)
        assert f"]({PICTURE})" in text
        assert all(work.credit in text for work in looked.works)


def test_the_fire_is_looked_at_where_it_burns() -> None:
    span = parse_span(part_of("c08_forest_on_fire.mp4"))
    assert span.start is not None
    assert span.start.frame == 180
    assert span.end is None
    assert part_of("c07_bunny.mp4") == part_of("anything.png") == ""
