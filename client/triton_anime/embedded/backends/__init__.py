"""Python-based backends of ours for the embedded server: one folder per backend name."""
