"""Command line: one thin command per file; the only room that prints."""
