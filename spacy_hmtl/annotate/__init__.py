"""The resumable engine: documents in, annotated documents out, on one process, several, or a cluster."""
