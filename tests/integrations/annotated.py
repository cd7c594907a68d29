"""What two ways to annotate the same texts have in common."""

import json


def alike(found, expected):
    """Annotations in batches have the same layers; the fourth decimal of a confidence may differ."""
    for ours, theirs in zip(found, expected, strict=True):
        ours, theirs = json.loads(ours), json.loads(theirs)
        assert ours.keys() == theirs.keys()
        assert [m["label"] for m in ours["mentions"]] == [m["label"] for m in theirs["mentions"]]
        assert (ours["text"], ours["clusters"]) == (theirs["text"], theirs["clusters"])
