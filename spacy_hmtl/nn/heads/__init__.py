"""One head per kind of task: each has `loss(encoded, targets)` and `decode(encoded, ...)`."""
