"""The network: layout, encoders, `heads/`, `crf/`, hierarchy. Torch and pytorch-crf only; nothing of spaCy, Thinc or files."""
