"""What each level knows: probing sets made from treebanks, and classifiers on the levels' states."""
