"""Trackers: one file per method, all with the interface of :mod:`triton_anime.tracker`."""
