"""Writers: one file per kind of output."""
