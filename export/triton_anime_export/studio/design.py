"""What a studio character looks like: one random design, the same in all drawings of the character."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from numpy.random import Generator

from .finish import Finish, draw_finish
from .paint import Colour, Style, hsv, lightness, mix

TOPS = ("tee", "shirt", "sailor", "blazer", "jacket", "hoodie", "armour", "robe", "dress", "kimono")
BOTTOMS = ("skirt", "long_skirt", "trousers", "shorts")
HAIR = ("spikes", "short", "bob", "long", "twin_tails", "ponytail", "bun", "wavy", "bald")
ELABORATE_HAIR = ("wolf", "braids", "drills", "curls", "mane", "straight")
BEHIND = ("tail", "feather_wings", "bat_wings", "coat", "halo")
OVER = ("frills", "bow", "apron", "sash", "buttons", "capelet", "necklace", "harness", "lapels", "tie")
ON_HEAD = ("headband", "flower", "hairpins", "headphones", "crown", "maid_cap")


@dataclass(frozen=True)
class Design:
    """Proportions in head heights, colours and garments of one character."""

    style: Style
    heads: float
    build: float
    curvy: float
    face_width: float
    skin: Colour
    hair: Colour
    hair_style: str
    hair_length: float
    bang_count: int
    bang_depth: float
    ahoge: int
    eye: Colour
    eye_size: float
    eye_height: float
    top: str
    bottom: str
    top_colour: Colour
    second_colour: Colour
    bottom_colour: Colour
    accent: Colour
    sock_colour: Colour
    shoe_colour: Colour
    sleeve: float  # share of the arm that is covered
    sock: float  # share of the lower leg that is covered
    boots: bool
    hat: str
    scarf: bool
    ribbon: bool
    cape: bool
    ears: str
    prop: str
    glasses: bool
    belt: bool
    pattern: str
    facing: float  # -1 (turned left) .. 1 (turned right)
    hair_seed: int
    view: str = "front"  # front, profile or back
    species: str = "human"  # human or mascot (an upright animal)
    fade: float = 0.0  # how much the figure darkens towards the feet
    volume: float = 0.0  # extra hair around the skull, head heights
    flyaways: int = 0  # thin strands that stand out of the hair
    extras: tuple[str, ...] = ()  # ornaments and overgarments, see outfit.py
    finish: Finish = field(default_factory=Finish)
    cut: float = 0.0  # head heights above the ground where the drawing ends, as a bust does; 0: it does not


def cloth_colour(rng: Generator) -> Colour:
    """Garment colour; large flat black and white cloth is common on purpose."""
    pick = rng.random()
    if pick < 0.2:
        return hsv(rng.random(), rng.uniform(0, 0.35), rng.uniform(0.05, 0.22))
    if pick < 0.4:
        return hsv(rng.random(), rng.uniform(0, 0.08), rng.uniform(0.88, 1.0))
    if pick < 0.5:
        return hsv(rng.random(), rng.uniform(0, 0.12), rng.uniform(0.3, 0.75))
    return hsv(rng.random(), rng.uniform(0.25, 0.9), rng.uniform(0.3, 0.98))


def hair_colour(rng: Generator) -> Colour:
    """Hair over the whole wheel, with the natural tones common."""
    pick = rng.random()
    if pick < 0.2:
        return hsv(rng.uniform(0.55, 0.75), rng.uniform(0.1, 0.4), rng.uniform(0.08, 0.25))
    if pick < 0.4:
        return hsv(rng.uniform(0.03, 0.09), rng.uniform(0.4, 0.75), rng.uniform(0.25, 0.6))
    if pick < 0.55:
        return hsv(rng.uniform(0.1, 0.15), rng.uniform(0.25, 0.6), rng.uniform(0.85, 1.0))
    if pick < 0.65:
        return hsv(rng.random(), rng.uniform(0.0, 0.1), rng.uniform(0.75, 1.0))
    return hsv(rng.random(), rng.uniform(0.3, 0.8), rng.uniform(0.45, 0.98))


def skin_colour(rng: Generator) -> Colour:
    """Human skin from pale to dark, rarely a fantasy tone."""
    pick = rng.random()
    if pick < 0.05:
        return hsv(rng.random(), rng.uniform(0.15, 0.5), rng.uniform(0.5, 0.95))
    if pick < 0.25:
        return hsv(rng.uniform(0.05, 0.08), rng.uniform(0.4, 0.6), rng.uniform(0.4, 0.8))
    return hsv(rng.uniform(0.04, 0.09), rng.uniform(0.08, 0.32), rng.uniform(0.92, 1.0))


def draw_style(rng: Generator, height: int) -> Style:
    """A pen and a light: inked, coloured-line and line-less, two or three tones or flat."""
    pick = rng.random()
    scale = height / 640
    width = (
        0.0 if pick < 0.14 else float(rng.choice((1.2, 1.8, 2.4, 3.2, 4.5), p=(0.2, 0.3, 0.3, 0.15, 0.05)))
    )
    angle = rng.uniform(-0.9, 0.9)
    ink = hsv(rng.random(), rng.uniform(0, 0.6), rng.uniform(0.02, 0.25))
    hue = rng.uniform(0.6, 1.05)
    return Style(
        ink_width=width * scale,
        ink=ink,
        ink_colour_share=float(rng.choice((0.0, 0.3, 1.0), p=(0.45, 0.2, 0.35))),
        light=(math.sin(angle), -math.cos(angle) * 0.75),
        shadow=hsv(hue, rng.uniform(0.08, 0.3), rng.uniform(0.62, 0.86)),
        depth=0.0 if rng.random() < 0.1 else rng.uniform(0.6, 1.5),
        rim=0.0 if rng.random() < 0.55 else rng.uniform(0.15, 0.6),
        soft=0.0 if rng.random() < 0.72 else rng.uniform(1.5, 9.0) * scale,
    )


def draw_design(rng: Generator, height: int) -> Design:
    """Sample one character: people from the front, turned, from the side or behind, and some animals."""
    design = dress_up(rng, draw_person(rng, height), height)
    pick = rng.random()
    if pick < 0.07:
        fur = cloth_colour(rng)
        return replace(
            design,
            species="mascot",
            cut=0.0,
            heads=rng.uniform(1.9, 3.0),
            build=rng.uniform(1.2, 1.9),
            face_width=rng.uniform(0.95, 1.2),
            skin=fur,
            second_colour=mix(fur, (1, 1, 1), 0.5),
            shoe_colour=mix(fur, (0.1, 0.05, 0.1), 0.3),
            hair_style="bald",
            ears=str(rng.choice(("cat", "rabbit", "bear"))),
            hair=fur,
            eye_size=rng.uniform(0.5, 0.9),
            top="none",
            bottom="none",
            sleeve=0.0,
            belt=False,
            boots=False,
            glasses=False,
        )
    if pick < 0.2:
        return replace(design, view="profile", facing=float(rng.choice((-1.0, 1.0))))
    if pick < 0.28:
        return replace(design, view="back", facing=design.facing * 0.5)
    return design


def dress_up(rng: Generator, design: Design, height: int) -> Design:
    """Give a person rich hair, ornaments, dark or pale dress, a finish and perhaps a cut."""
    if rng.random() < 0.18:
        # Dark on dark: black coats on black trousers under black hair, the hardest to cut out.
        tone = hsv(rng.random(), rng.uniform(0, 0.5), rng.uniform(0.06, 0.25))
        near = mix(tone, (0.3, 0.3, 0.35), rng.uniform(0, 0.4))
        design = replace(design, top_colour=tone, bottom_colour=near, shoe_colour=near, sock_colour=tone)
        if rng.random() < 0.5:
            design = replace(design, hair=mix(tone, (0.1, 0.08, 0.1), 0.5))
    if rng.random() < 0.4:
        design = replace(design, hair_style=str(rng.choice(ELABORATE_HAIR)))
    count = int(rng.choice(5, p=(0.3, 0.25, 0.2, 0.15, 0.1)))
    extras = {str(name) for name in rng.choice((*BEHIND, *OVER, *ON_HEAD), count, replace=False)}
    if design.hat != "none":
        extras -= set(ON_HEAD)
    cloths = (
        design.top_colour,
        design.bottom_colour,
        design.second_colour,
        design.accent,
        design.sock_colour,
    )
    cut = 0.0
    if rng.random() < 0.3 and design.heads > 4.0:
        # Sprites of visual novels end between the breast and the knees.
        cut = rng.uniform(0.2, 0.72) * (design.heads - 1.0)
    return replace(
        design,
        flyaways=int(rng.integers(4, 26)) if rng.random() < 0.55 else 0,
        extras=tuple(sorted(extras)),
        finish=draw_finish(rng, design.hair, cloths, height),
        cut=cut,
    )


def draw_person(rng: Generator, height: int) -> Design:
    """Sample one human character seen from the front or turned a little."""
    kind = rng.choice(("chibi", "child", "teen", "adult"), p=(0.14, 0.18, 0.4, 0.28))
    heads = {
        "chibi": rng.uniform(2.3, 3.4),
        "child": rng.uniform(4.0, 5.3),
        "teen": rng.uniform(5.6, 6.8),
        "adult": rng.uniform(6.6, 8.0),
    }[str(kind)]
    top = str(rng.choice(TOPS))
    bottom = (
        "none" if top in ("dress", "robe", "kimono") else str(rng.choice(BOTTOMS, p=(0.35, 0.1, 0.38, 0.17)))
    )
    top_colour = cloth_colour(rng)
    uniform_cloth = rng.random() < 0.35
    bottom_colour = top_colour if uniform_cloth else cloth_colour(rng)
    second = cloth_colour(rng)
    if abs(lightness(second) - lightness(top_colour)) < 0.2:
        second = (0.96, 0.95, 0.97) if lightness(top_colour) < 0.5 else hsv(rng.random(), 0.5, 0.3)
    long_sleeves = top in ("blazer", "jacket", "hoodie", "robe", "kimono", "armour")
    hat = str(
        rng.choice(
            ("none", "cap", "witch", "straw", "beret", "helmet"), p=(0.76, 0.06, 0.05, 0.05, 0.04, 0.04)
        )
    )
    prop = str(
        rng.choice(
            ("none", "sword", "staff", "ball", "bag", "book", "umbrella"),
            p=(0.58, 0.12, 0.09, 0.05, 0.06, 0.05, 0.05),
        )
    )
    return Design(
        style=draw_style(rng, height),
        heads=heads,
        build=rng.uniform(0.8, 1.3) if rng.random() < 0.85 else rng.uniform(1.3, 1.7),
        curvy=rng.uniform(0.0, 1.0),
        face_width=rng.uniform(0.78, 0.92) + (0.12 if heads < 3.6 else 0.0),
        skin=skin_colour(rng),
        hair=hair_colour(rng),
        hair_style=str(rng.choice(HAIR, p=(0.17, 0.14, 0.14, 0.17, 0.11, 0.11, 0.05, 0.1, 0.01))),
        hair_length=rng.uniform(0.7, 1.0 + 0.32 * heads),
        bang_count=int(rng.integers(3, 9)),
        bang_depth=rng.uniform(0.0, 0.22),
        ahoge=int(rng.choice((0, 1, 2, 3), p=(0.55, 0.25, 0.12, 0.08))),
        eye=hsv(rng.random(), rng.uniform(0.2, 0.9), rng.uniform(0.3, 0.9)),
        eye_size=rng.uniform(0.75, 1.25) * (1.15 if heads < 4.5 else 1.0),
        eye_height=rng.uniform(0.75, 1.25),
        top=top,
        bottom=bottom,
        top_colour=top_colour,
        second_colour=second,
        bottom_colour=bottom_colour,
        accent=hsv(rng.random(), rng.uniform(0.5, 1.0), rng.uniform(0.5, 1.0)),
        sock_colour=cloth_colour(rng),
        shoe_colour=cloth_colour(rng),
        sleeve=1.0 if long_sleeves or rng.random() < 0.3 else rng.uniform(0.15, 0.55),
        sock=float(rng.choice((0.0, 0.35, 0.9, 1.6), p=(0.25, 0.25, 0.25, 0.25))),
        boots=bool(rng.random() < 0.3),
        hat=hat,
        scarf=bool(rng.random() < 0.12),
        ribbon=bool(rng.random() < 0.25),
        cape=bool(rng.random() < 0.13),
        ears=str(rng.choice(("none", "cat", "horns", "elf"), p=(0.82, 0.09, 0.03, 0.06))),
        prop=prop,
        glasses=bool(rng.random() < 0.08),
        belt=bool(rng.random() < 0.35),
        pattern=str(rng.choice(("none", "stripes", "check", "emblem"), p=(0.68, 0.12, 0.1, 0.1))),
        facing=float(rng.choice((0.0, rng.uniform(0.3, 1.0), rng.uniform(-1.0, -0.3)), p=(0.34, 0.33, 0.33))),
        hair_seed=int(rng.integers(0, 2**31)),
        fade=0.0 if rng.random() < 0.6 else rng.uniform(0.1, 0.55),
        volume=rng.uniform(0.0, 0.12),
    )
