"""Linear-chain CRFs over BILUO tags: the layer, its likelihood, its decoding."""
