"""One callable for Ray Data, Spark and Dask: `Annotator`."""

from .annotator import Annotator

__all__ = ["Annotator"]
