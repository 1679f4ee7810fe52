"""What keeps a run from going on with a folder, and what does not."""

from __future__ import annotations

from triton_anime.manifest import Manifest


def test_a_folder_older_than_an_option_was_made_as_is_usual() -> None:
    older = Manifest("ep", {"name": "ep.mp4"}, {"tracker": "xmem"}, complete=True)
    usual = Manifest("ep", {"name": "ep.mp4"}, {"tracker": "xmem", "video_inpainting": "lama"})
    chosen = Manifest("ep", {"name": "ep.mp4"}, {"tracker": "xmem", "video_inpainting": "sttn"})
    assert usual.difference(older) is None
    assert chosen.difference(older) == "another 'video_inpainting'"
    assert chosen.difference(usual) == "another 'video_inpainting'"
    assert chosen.difference(chosen) is None
