"""Who is who across cuts: the same person gets the same number in every shot of an episode.

Trackers follow a character as long as the picture goes on; a cut starts their numbers again. Here the best
crops of each character of a shot are kept (:mod:`~triton_anime.cast.crops`), described
(:mod:`~triton_anime.cast.descriptor`) and, once all shots are there, matched in order with those seen before
(:mod:`~triton_anime.cast.matching`).
"""
