"""Where torch meets Thinc and spaCy: `embeddings/`, segments, targets, outputs, shims, the Thinc model."""
