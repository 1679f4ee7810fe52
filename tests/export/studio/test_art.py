"""Art is split by repository: what is scored on was never trained on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("skia")

from triton_anime_export.errors import DataError
from triton_anime_export.studio.art import HELD_OUT, Art, read_rgba
from triton_anime_export.studio.art_words import look, place
from triton_anime_export.studio.backdrops import KINDS
from triton_anime_export.studio.place import MOODS

HEAD = "file\trepo\tpath\tlicence\twidth\theight\tkind\tcharacter\tnote\n"


def _folder(root: Path, lines: list[tuple[str, str, str, str, str]]) -> Path:
    """Art of (file, repository, kind, character, note), each a small picture with a hole."""
    text = HEAD
    for number, (name, repo, kind, character, note) in enumerate(lines):
        picture = np.full((8, 16, 4), 30 * number + 40, np.uint8)
        picture[..., 3] = 255
        picture[:2] = 0
        (root / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(root / name), picture)
        text += "\t".join((name, repo, "p", "CC0", "16", "8", kind, character, note)) + "\n"
    (root / "SOURCES.tsv").write_text(text)
    return root


def _known(art: Art) -> dict[str, set[str]]:
    characters = [entry for entries in art.characters.values() for entry in entries]
    kinds = {"sprite": characters, "background": art.backgrounds, "effect": art.effects}
    return {kind: {entry.repo for entry in entries} for kind, entries in kinds.items()}


def test_a_repository_that_is_held_out_is_never_trained_on(tmp_path: Path) -> None:
    lines = [
        (f"{kind}/{number}.png", repo, kind, "", "")
        for kind, held_out in HELD_OUT.items()
        for number, repo in enumerate([*sorted(held_out), "some/body"])
    ]
    folder = _folder(tmp_path, lines)
    train, val = (_known(Art(folder, split)) for split in ("train", "val"))
    assert train == {kind: {"some/body"} for kind in HELD_OUT}
    assert val == HELD_OUT


def test_the_shared_art_has_both_splits_of_every_kind(shared_media: Path) -> None:
    train, val = (_known(Art(shared_media / "train", split)) for split in ("train", "val"))
    for kind in HELD_OUT:
        assert train[kind]
        assert val[kind]
        assert not train[kind] & val[kind]


def test_animation_frames_are_another_drawing_of_a_character(tmp_path: Path) -> None:
    lines = [
        ("sprites/a.png", "some/body", "sprite", "Ann", ""),
        ("sprites/b.png", "some/body", "sprite", "Ann", ""),
        ("sprites/c.png", "some/body", "sprite_anim", "Ann", ""),
    ]
    art = Art(_folder(tmp_path, lines), "train")
    assert {name: len(entries) for name, entries in art.characters.items()} == {
        "some/body:Ann:full": 2,
        "some/body:Ann:anim": 1,
    }
    source = next(
        drawn
        for drawn in (art.character(np.random.default_rng(seed)) for seed in range(9))
        if drawn.name.endswith("full")
    )
    assert [int(drawing[4, 4, 0]) for drawing in source.drawings] in ([40, 70], [70, 40])
    assert source.key_points == ()


def test_a_strip_is_cut_into_cells_and_named_by_its_file(tmp_path: Path) -> None:
    lines = [("effects/some-fire__ice_ring.png", "some/fire", "effect", "", "horizontal strip")]
    source = Art(_folder(tmp_path, lines), "train").effect(np.random.default_rng(0))
    assert source.effect_type == "water"  # the name of the file says ice, that of its repository nothing
    assert all(drawing.shape == (8, 8, 4) for drawing in source.drawings)


def test_names_and_eyes_tell_what_art_shows(shared_media: Path) -> None:
    names = (
        "x__sylvie_blue_giggle",
        "x__001-angry",
        "x__eileen_vhappy",
        "x__iku_face_eyes_closed",
        "happy__mascot",
    )
    assert [look(Path(f"{name}.png")) for name in names] == ["laugh", "angry", "happy", "closed", ""]
    known = {kind.scene_type for kind in KINDS}
    for split in ("train", "val"):
        art = Art(shared_media / "train", split)
        for entry in art.backgrounds:
            scene_type, mood = place(entry.path)
            assert scene_type in known
            assert mood in MOODS
    assert place(Path("somewhere.png")) == ("", "")


def test_backgrounds_are_opaque(tmp_path: Path) -> None:
    folder = _folder(tmp_path, [("backgrounds/a.png", "some/body", "background", "", "")])
    (drawing,) = Art(folder, "train").background(np.random.default_rng(0)).drawings
    assert (drawing[..., 3] == 255).all()
    assert not drawing[:2, :, :3].any()


def test_missing_or_broken_art_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"SOURCES.tsv is missing; name the folder .* --art"):
        Art(tmp_path, "train")
    (tmp_path / "no.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="is not a picture; remove it"):
        read_rgba(tmp_path / "no.png")
