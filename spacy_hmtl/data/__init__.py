"""Corpora: `formats/` lists the formats, `reading/` is what they share, `export/` the way back; conversion, counts."""
