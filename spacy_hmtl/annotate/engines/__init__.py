"""Where batches are annotated: in this process, in worker processes, or on a Ray cluster.

Each engine yields the outcomes of each batch in the order of the input, and what it writes
is the same to the byte, because every engine cuts the input into the same batches.
"""
