"""Draws annotated anime-like clips: ground truth for training, tests and scores."""
