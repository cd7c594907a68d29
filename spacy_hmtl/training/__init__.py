"""What spaCy's training loop is given: a corpus reader, a batcher, a logger."""
