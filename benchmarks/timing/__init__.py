"""What `benchmarks/speed.py` is made of: one file per thing measured, and what they share."""
