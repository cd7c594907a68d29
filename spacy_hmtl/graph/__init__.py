"""Entities and relations of documents as a graph, in formats that other tools read."""
