"""The resumable engine: documents in, annotated documents out, in one process, in several, or on a cluster."""
