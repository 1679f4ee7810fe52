"""Model cards and the tables of the top README, from descriptions and records."""
