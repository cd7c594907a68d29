"""The network: torch (and pytorch-crf) only. It knows nothing of spaCy, Thinc or files."""
