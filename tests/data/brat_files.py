"""A document of brat with a text, and what it says."""

TEXT = "Ann Lee left New York.\nShe met Bo.\n"
ANN = (
    "T1\tPER 0 7\tAnn Lee\n"
    "T2\tLOC 13 21\tNew York\n"
    "T3\tPER 23 26\tShe\n"
    "T4\tPER 31 33\tBo\n"
    "T5\tPER 4 7\tLee\n"
    "R1\tleft Arg1:T1 Arg2:T2\n"
    "*\tEquiv T1 T3\n"
)
PLAIN = [(0, 2, "PER"), (1, 2, "PER"), (3, 5, "LOC"), (6, 7, "PER"), (8, 9, "PER")]


def spans(rows):
    return sorted(row[:3] for row in rows)


def triples(doc):
    return [(rel.head[:2], rel.label, rel.tail[:2]) for rel in doc.layers.relations]
