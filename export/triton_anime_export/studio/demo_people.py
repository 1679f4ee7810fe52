"""The two people of the demonstration clip."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .design import Design, draw_person
from .paint import Style

STYLE = Style(
    ink_width=2.6,
    ink=(0.16, 0.09, 0.13),
    ink_colour_share=0.35,
    light=(-0.55, -0.7),
    shadow=(0.76, 0.68, 0.84),
    depth=1.0,
    rim=0.22,
)


def girl() -> Design:
    """Long lavender hair, sailor uniform."""
    return replace(
        draw_person(np.random.default_rng(21), 720),
        style=STYLE,
        heads=5.7,
        build=0.9,
        curvy=0.5,
        face_width=0.86,
        skin=(1.0, 0.9, 0.84),
        hair=(0.66, 0.55, 0.86),
        hair_style="wavy",
        hair_length=1.75,
        bang_count=6,
        bang_depth=0.03,
        ahoge=1,
        eye=(0.35, 0.55, 0.9),
        eye_size=1.12,
        eye_height=1.1,
        top="sailor",
        bottom="skirt",
        top_colour=(0.97, 0.97, 1.0),
        second_colour=(0.2, 0.27, 0.5),
        bottom_colour=(0.2, 0.27, 0.5),
        accent=(0.88, 0.2, 0.3),
        sock_colour=(0.16, 0.16, 0.22),
        shoe_colour=(0.35, 0.2, 0.16),
        sleeve=1.0,
        sock=0.9,
        boots=False,
        hat="none",
        scarf=False,
        ribbon=True,
        cape=False,
        ears="none",
        prop="none",
        glasses=False,
        belt=False,
        pattern="none",
        facing=0.5,
        hair_seed=13,
        volume=0.05,
    )


def boy() -> Design:
    """Spiky dark hair, red jacket, scarf, sword."""
    return replace(
        draw_person(np.random.default_rng(22), 720),
        style=STYLE,
        heads=6.1,
        build=1.0,
        curvy=0.1,
        face_width=0.84,
        skin=(0.98, 0.84, 0.74),
        hair=(0.17, 0.2, 0.3),
        hair_style="spikes",
        hair_length=1.0,
        bang_count=5,
        bang_depth=0.14,
        ahoge=0,
        eye=(0.8, 0.5, 0.15),
        eye_size=0.95,
        eye_height=0.95,
        top="jacket",
        bottom="trousers",
        top_colour=(0.82, 0.22, 0.2),
        second_colour=(0.95, 0.93, 0.88),
        bottom_colour=(0.22, 0.24, 0.3),
        accent=(0.95, 0.75, 0.25),
        sock_colour=(0.2, 0.2, 0.2),
        shoe_colour=(0.3, 0.2, 0.15),
        sleeve=1.0,
        sock=0.0,
        boots=True,
        hat="none",
        scarf=True,
        ribbon=False,
        cape=False,
        ears="none",
        prop="none",
        glasses=False,
        belt=True,
        pattern="none",
        facing=-0.6,
        hair_seed=40,
        volume=0.05,
    )
