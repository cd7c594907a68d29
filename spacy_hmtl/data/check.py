"""The documented name of `spacy_hmtl.data.statistics.check_files`."""

from .statistics import check_files

__all__ = ["check_files"]
