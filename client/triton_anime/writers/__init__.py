"""The plural of :mod:`triton_anime.writer`: one file per kind of output."""
