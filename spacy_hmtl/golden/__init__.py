"""A sample with its expected annotation inside a pipeline's folder, and whether it still comes out."""
