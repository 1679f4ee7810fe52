"""How tensors travel to a Triton server: the parts of `triton_anime.server` that import tritonclient."""
