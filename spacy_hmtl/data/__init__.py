"""Corpora: `formats/` is the list of formats, `reading/` what they share, `export/` the way back; conversion, counts."""
