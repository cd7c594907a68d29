"""Embedding layers: Thinc models from Docs to one array per Doc, shape (tokens, width)."""
