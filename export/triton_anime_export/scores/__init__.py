"""Scores of the whole product, of each network and of peers, on drawings that nobody trained on."""
