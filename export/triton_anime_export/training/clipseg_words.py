"""Words for what is in a drawing: effect types and what else they are called, colours, fillers."""

from __future__ import annotations

from triton_anime.prompts import ANY_EFFECT, DEFAULT_PROMPTS

SYNONYMS: dict[str, tuple[str, ...]] = {
    name: tuple(phrases.split(", "))
    for name, phrases in {
        "energy_glow": "glowing energy, energy, energy glow, glow, glowing aura, aura, ki aura, plasma, "
        "energy ball, glowing orb, power aura, energy shield, halo, glowing light",
        "fire": "fire, flames, fire and flames, flame, burning fire, fireball, blaze, inferno",
        "light_beam": "light beam, beam, laser, laser beam, energy beam, beam of light, light rays, "
        "light beam attack, beam attack, ray of light",
        "sparkles": "sparkles, magical sparkles, glitter, twinkling stars, stardust, shimmering sparkles, "
        "sparks, twinkles, sparkling particles, shining stars",
        "explosion": "explosion, blast, burst, detonation, big explosion, impact, exploding",
        "smoke": "smoke, dust, smoke cloud, dust cloud, fog, steam, mist, cloud of smoke",
        "lightning": "lightning, lightning bolt, electricity, thunderbolt, electric sparks, thunder, bolts, "
        "electric arcs",
        "speed_lines": "speed lines, action lines, focus lines, motion lines, manga lines",
        "water": "water, water splash, splash, waves, ice, frost, water drops",
        "magic": "magic circle, magic, spell, magic spell, runes, magical seal, glowing magic circle",
        "motion_blur": "motion blur, sword slash, slash, blade slash, swipe, smear, claw slash",
        "shockwave": "shockwave, shock wave, ripple, energy ring, vortex, swirl, shock ring",
    }.items()
}
"""What each type is called."""

CANONICAL: dict[str, str] = {
    **dict(zip(("energy_glow", "fire", "light_beam", "sparkles", "explosion"), DEFAULT_PROMPTS, strict=True)),
    "smoke": "smoke cloud",
    "lightning": "lightning",
    "speed_lines": "speed lines",
    "water": "water splash",
    "magic": "magic circle",
    "motion_blur": "sword slash",
    "shockwave": "shockwave",
}
"""The sentence by which each type is scored."""

BROADER: dict[str, tuple[str, ...]] = {"energy_glow": ("magic", "shockwave")}
"""Types that a sentence about the key means too."""

UNCLEAR: dict[str, tuple[str, ...]] = {
    "energy_glow": ("lightning", "light_beam", "sparkles"),
    "fire": ("explosion",),
    "light_beam": ("energy_glow",),
    "sparkles": ("magic",),
    "explosion": ("fire", "smoke", "shockwave"),
    "smoke": ("explosion",),
    "lightning": ("energy_glow",),
    "speed_lines": ("motion_blur",),
    "magic": ("energy_glow", "sparkles", "shockwave"),
    "motion_blur": ("speed_lines",),
    "shockwave": ("energy_glow", "magic", "explosion"),
}
"""Types about which people would disagree: where they are, a sentence about the key is not judged."""

UNNAMED = "magic"
"""Art effects of unknown kind have this type: it hardly counts against other sentences."""

HUES = (
    ("red", 8),
    ("orange", 22),
    ("yellow", 34),
    ("green", 82),
    ("cyan", 98),
    ("blue", 125),
    ("purple", 146),
    ("pink", 170),
    ("red", 181),
)
"""Names of colours and the end of their range on OpenCV's hue circle of 180."""

ALIASES = {"purple": ("purple", "violet"), "pink": ("pink", "magenta"), "yellow": ("yellow", "golden")}
COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "white")
NEIGHBOURS = tuple(zip(COLOURS[:8], (*COLOURS[1:8], COLOURS[0]), strict=True))
"""Colours that pass into one another on the hue circle."""

CHARACTER = (
    "character",
    "anime character",
    "person",
    "girl",
    "boy",
    "man",
    "woman",
    "people",
    "the hero",
    "a girl",
)
BACKGROUND = ("background", "scenery", "the background", "landscape", "backdrop", "environment")
OBJECT = ("object", "prop", "thing", "an object")
ANY = (ANY_EFFECT, "effect", "special effect", "vfx", "visual effects", "anime effects", "effects")
TEMPLATES = (
    "{}",
    "{}",
    "{}",
    "{} effect",
    "{} effects",
    "a {}",
    "the {}",
    "{} in anime",
    "{} attack",
    "anime {}",
)
FILLERS = (
    "bright",
    "big",
    "intense",
    "strong",
    "small",
    "very",
    "drawn",
    "dramatic",
    "huge",
    "cool",
    "my",
    "old",
)
