"""Random documents through a pipeline; see `python -m benchmarks.fuzz --help` and docs/reliability.md."""
