"""ELMo's bidirectional language model, to run, not to train."""
