"""Where torch meets Thinc and spaCy: embedding layers, targets, the shim, the Thinc model."""
