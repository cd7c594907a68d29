"""What was read, as texts: for tests of the formats of tools."""

import json


def lines(*records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def texts(document):
    """The layers of a document, as texts."""

    def text(span):
        return " ".join(document.words[span[0] : span[1]])

    layers = document.layers
    return {
        "names": layers.entities and [(text(span), span.label) for span in layers.entities],
        "clusters": layers.clusters and [[text(mention) for mention in cluster] for cluster in layers.clusters],
        "relations": layers.relations and [(text(r.head), r.label, text(r.tail)) for r in layers.relations],
    }


def faults(log):
    return [(fault.unit, fault.what) for fault in log.faults]
