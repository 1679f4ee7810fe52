"""triton-anime: an episode in, its layers out."""

__version__ = "0.1.0"
