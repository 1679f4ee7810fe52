"""One file per command of ``triton-anime-export``."""
