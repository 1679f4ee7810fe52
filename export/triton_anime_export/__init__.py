"""triton-anime-export: networks from PyTorch to a Triton model repository."""
