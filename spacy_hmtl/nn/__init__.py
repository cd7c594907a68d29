"""The network: layout, encoders, `heads/`, `crf/`, hierarchy. Torch and pytorch-crf only: no spaCy, no files."""
