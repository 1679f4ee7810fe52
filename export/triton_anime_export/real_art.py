"""Real pictures that the cards show: what they are, whose, and which network's doing each card looks at.

Nothing was trained on them. ``perf/real_art.py --cards`` draws the pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

PICTURE = "real_art.jpg"
"""Name of the picture in a model's folder."""


@dataclass(frozen=True)
class Work:
    """A clip or picture that a card may show by its licence.

    Attributes:
        file: how its file's name begins.
        credit: in Markdown.
        part: of a clip that is looked at, as in ``process --range``; from its beginning when empty.
    """

    file: str
    credit: str
    part: str = ""


BUNNY = Work("c07_", "*Big Buck Bunny*, (c) Blender Foundation, CC BY 3.0 (from Zarxrax/Sammie-Roto-2)")
FIRE = Work(
    "c08_",
    "*Forest on fire*, berteh/synfig-projects, CC BY-SA 3.0; its rows are under the same licence",
    part="180f-",
)
DRAWN = Work("c09_", "facebookresearch/AnimatedDrawings, MIT")
GIRL = Work("i04_", "shitagaki-lab/see-through, Apache-2.0")
RAINBOW = Work("i13_", "QwenLM/Qwen-Image-Layered, Apache-2.0")
SAMURAI = Work("i17_", "MatteoKartoon/BiRefNet (ToonOut), CC BY 4.0")


@dataclass(frozen=True)
class Looked:
    """What a network's card shows.

    Attributes:
        works: clips and pictures, in rows.
        columns: of the contact sheet.
        rows: drawings of each clip.
    """

    works: tuple[Work, ...]
    columns: tuple[str, ...]
    rows: int = 2


SHOWN = {
    "panoptic_deeplab": Looked((SAMURAI, RAINBOW, BUNNY, DRAWN), ("frame", "who is who")),
    "u2net": Looked((GIRL, SAMURAI), ("frame", "characters")),
    "modnet": Looked((RAINBOW, GIRL), ("frame", "characters")),
    "clipseg": Looked((FIRE,), ("frame", "effects"), rows=4),
    "lama": Looked((BUNNY, SAMURAI), ("frame", "background"), rows=3),
    "raft_small": Looked((BUNNY,), ("frame", "who is who"), rows=4),
}


def part_of(file: str) -> str:
    """The part of the clip of this name that is looked at, empty for its beginning."""
    works = {work for looked in SHOWN.values() for work in looked.works}
    return next((work.part for work in works if file.startswith(work.file)), "")


def credits_of(looked: Looked) -> list[str]:
    """A line of Markdown for each work."""
    return [f"- {work.credit}" for work in looked.works]
