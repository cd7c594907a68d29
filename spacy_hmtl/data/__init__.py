"""Corpora: one file per format, readers, batchers. Never torch."""
