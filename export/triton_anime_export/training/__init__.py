"""Training recipes: one file per lite network."""
