"""``python -m triton_anime`` is ``triton-anime``."""

from triton_anime.cli import main

main()
