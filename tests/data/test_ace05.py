import pytest
from data.ace_pairs import ALL, HEADER, LABS, SGM, entity, mention, relation

from spacy_hmtl.annotations.layers import extents, make_clusters
from spacy_hmtl.data.convert import convert
from spacy_hmtl.data.faults import ConversionError, FaultLog
from spacy_hmtl.data.formats import get_reader, normalize_id
from spacy_hmtl.data.reading.safe_xml import Element, read_xml


@pytest.fixture
def read(tmp_path):
    """Write a pair of files and read it: the documents and the log."""

    def read_pair(annotation=ALL, sgm=SGM, *, xml=None, strict=False, **options):
        folder = tmp_path / "nw" / "timex2norm"
        folder.mkdir(parents=True, exist_ok=True)
        document = f'<source_file SOURCE="newswire"><document DOCID="X1">\n{annotation}</document></source_file>'
        text = HEADER + document if xml is None else xml
        (folder / "X1.apf.xml").write_bytes(text if isinstance(text, bytes) else text.encode())
        if sgm is not None:
            (folder / "X1.sgm").write_bytes(sgm if isinstance(sgm, bytes) else sgm.encode())
        log = FaultLog(strict=strict)
        return list(get_reader("ace05")(tmp_path, faults=log, **options)), log

    return read_pair


def texts(doc, spans):
    return [(" ".join(doc.words[span[0] : span[1]]), *span[2:3]) for span in spans or []]


def test_heads_names_clusters_and_relations(read):
    (doc,), log = read(strict=True)
    assert " ".join(doc.words) == "News Ann of AT&T Labs met the anti - Rome boss . She left him ."
    assert doc.sent_starts == [0, 1, 12]
    heads = [("Ann", "PER"), ("AT&T Labs", "ORG"), ("boss", "PER"), ("She", "PER"), ("him", "PER")]
    assert texts(doc, doc.layers.mentions) == heads
    assert texts(doc, doc.layers.entities) == heads[:2]
    assert [texts(doc, cluster) for cluster in extents(doc.layers.clusters)] == [
        [("Ann",), ("She",)],
        [("AT&T Labs",)],
        [("boss",), ("him",)],
    ]
    (triple,) = doc.layers.relations
    assert texts(doc, [triple.head, triple.tail]) == heads[:2]
    assert triple.label == "ORG-AFF"
    assert (doc.name, doc.meta) == ("X1", {"genre": "nw"})
    assert not log.notes


def test_full_extents_subtypes_values_and_times(read):
    (doc,), _ = read(strict=True, extent="full", relation_types="subtype", values=True, times=True)
    assert texts(doc, doc.layers.mentions) == [
        ("2031 - 04 - 15", "TIME"),
        ("Ann of AT&T Labs", "PER"),
        ("AT&T Labs", "ORG"),
        ("the anti - Rome boss", "PER"),
        ("boss", "Job-Title"),
        ("She", "PER"),
        ("him", "PER"),
    ]
    assert texts(doc, doc.layers.entities) == [("Ann", "PER"), ("AT&T Labs", "ORG")]
    assert texts(doc, extents(doc.layers.clusters)[0]) == [("Ann of AT&T Labs",), ("She",)]
    assert doc.layers.relations[0].label == "ORG-AFF.Employment"


def test_a_boundary_inside_a_token_takes_the_whole_token_and_is_noted(read):
    (doc,), log = read(entity("E1", "ORG", mention("E1-1", "NAM", "AT&amp;T", "AT&amp;")), strict=True)
    assert texts(doc, doc.layers.mentions) == [("AT&T", "ORG")]
    assert doc.layers.entities == doc.layers.mentions
    assert ["boundary inside a token" in note.kind for note in log.notes] == [True]


def test_mentions_on_the_same_tokens_are_kept_once(read):
    twice = [mention(f"E1-{i}", "NAM", extent, "AT&amp;T") for i, extent in enumerate(("AT&amp;T", "AT&amp;T Labs"))]
    (doc,), log = read(entity("E1", "ORG", *twice))
    assert (len(doc.layers.mentions), doc.layers.clusters) == (1, make_clusters([doc.layers.mentions]))
    assert ["of one entity that fall on the same tokens" in note.kind for note in log.notes] == [True]
    (doc,), log = read(entity("E1", "ORG", twice[0]) + entity("E2", "FAC", twice[1]))
    assert [span.label for span in doc.layers.mentions] == ["FAC", "ORG"]
    assert (doc.layers.clusters, log.n_skipped()) == (
        make_clusters([doc.layers.mentions[:1]]),
        {"coreference mention": 1},
    )


def test_names_inside_names_are_mentions_only(read):
    inner = entity("E9", "GPE", mention("E9-1", "NAM", "Labs", "Labs"))
    (doc,), log = read(LABS + inner, strict=True)
    assert texts(doc, doc.layers.mentions) == [("AT&T Labs", "ORG"), ("Labs", "GPE")]
    assert texts(doc, doc.layers.entities) == [("AT&T Labs", "ORG")]
    assert len(log.notes) == 1


def test_a_sentence_boundary_inside_a_mention_is_removed_and_counted(read):
    sgm = "<TEXT>\nHe saw Bo. Lee and Co. Ltd. It ran.\n</TEXT>\n"
    plain = len(read("", sgm)[0][0].sent_starts)
    (doc,), log = read(entity("E1", "ORG", mention("E1-1", "NAM", "Bo. Lee", "Bo. Lee", sgm)), sgm)
    assert len(doc.sent_starts) == plain - 1
    assert ["sentence boundaries inside a mention" in note.kind for note in log.notes] == [True]


@pytest.mark.parametrize(
    ("annotation", "unit", "what"),
    [
        (relation("E1-1", "E7-1"), "relation", "the argument E7-1 is no mention"),
        (relation("E1-1", "V1"), "relation", "the argument V1 is no mention"),
        (relation("E1-1", ""), "relation", "expected a TYPE, Arg-1 and Arg-2"),
        (
            relation("E1-1", "E2-1", extra='<relation_mention_argument REFID="E3-1" ROLE="Arg-2"/>'),
            "relation",
            "Arg-1 and Arg-2, once each, found 'ORG-AFF' and Arg-1=E1-1, Arg-2=E2-1+E3-1",
        ),
        (entity("E7", "PER", mention("E1-1", "NAM", "him")), "mention", "the id E1-1 stands twice"),
        (relation("E1-1", "E1-1"), "relation", "both arguments fall on the same tokens"),
        (
            entity("E7", "PER", mention("E7-1", "NAM", "him").replace("him", "her")),
            "mention",
            "expected 'her' at the char",
        ),
        (
            entity("E7", "PER", mention("E7-1", "NAM", "him").replace('END="', 'END="9')),
            "mention",
            "is not in the source",
        ),
        (
            entity("E7", "PER", mention("E7-1", "NAM", "him").replace('END="', 'END="-')),
            "mention",
            "expected START and END",
        ),
        (entity("E7", "PER", '<entity_mention ID="E7-1" TYPE="NAM"/>'), "mention", "has no extent"),
        (entity("E7", "", mention("E7-1", "NAM", "met", "met")), "mention", "its entity has no TYPE"),
    ],
)
def test_a_fault_names_its_line_and_costs_its_unit_only(read, annotation, unit, what):
    (doc,), log = read(ALL + annotation)
    line = 4 + ALL.count("\n")
    assert [(fault.unit, fault.place.line, fault.place.document) for fault in log.faults] == [(unit, line, "X1")]
    assert what in log.faults[0].what
    assert (len(doc.layers.mentions), len(doc.layers.clusters), len(doc.layers.relations)) == (5, 3, 1)
    with pytest.raises(ConversionError, match=f":{line} "):
        read(ALL + annotation, strict=True)


def test_relations_left_out_and_doubled_ones_are_counted(read):
    more = relation("E1-1", "E2-1", "METONYMY", "") + relation("E1-1", "E2-1", subtype="Founder")
    (doc,), log = read(ALL + more, strict=True)
    assert [triple.label for triple in doc.layers.relations] == ["ORG-AFF"]
    assert [note.kind.split(",")[0] for note in log.notes] == [
        "relations METONYMY",
        "relations that stand twice between the same tokens",
    ]
    assert len(read(ALL + more, relation_types="subtype")[0][0].layers.relations) == 2


BOMB = '<!DOCTYPE source_file [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE source_file [<!ENTITY a SYSTEM "{}">]>'
PARAMETER = '<!DOCTYPE source_file [<!ENTITY % a SYSTEM "{}"> %a;]>'


@pytest.mark.parametrize("doctype", [BOMB, EXTERNAL, PARAMETER])
def test_entity_declarations_are_refused_and_never_expanded(read, tmp_path, doctype):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    body = '<source_file><document DOCID="X1"><entity ID="E1" TYPE="&a;"/></document></source_file>'
    docs, log = read(xml=f'<?xml version="1.0"?>\n{doctype.format(secret.as_uri())}\n{body}')
    assert docs == []
    assert [(fault.unit, fault.place.line) for fault in log.faults] == [("document", 2)]
    assert "refused" in log.faults[0].what
    assert "secret" not in log.faults[0].what


def test_a_dtd_is_tolerated_not_read_and_its_entities_stay_as_written(tmp_path):
    (tmp_path / "a.dtd").write_text('<!ENTITY x "read">', encoding="utf-8")
    path = tmp_path / "a.xml"
    path.write_text('<!DOCTYPE a SYSTEM "a.dtd"><a>&x;&amp;</a>', encoding="utf-8")
    root = read_xml(path)
    assert isinstance(root, Element)
    assert root.text == "&x;&"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"sgm": None}, "there is no X1.sgm beside it"),
        ({"sgm": SGM.replace("boss", "b\u00f6ss").encode("latin-1")}, "expected UTF-8 text, found the byte 0xf6"),
        ({"xml": HEADER + "<source_file><document>"}, "expected well-formed XML"),
        ({"xml": b"<source_file>\xf6</source_file>"}, "expected well-formed XML"),
        ({"xml": HEADER + "<source_file/>"}, "there is no element 'document'"),
        ({"xml": ""}, "expected well-formed XML"),
        ({"sgm": "<DOC></DOC>", "annotation": ""}, "the text has no tokens"),
    ],
)
def test_a_pair_that_cannot_be_read_is_skipped(read, changes, what):
    docs, log = read(**changes)
    assert (docs, log.n_skipped()) == ([], {"document": 1})
    assert what in log.faults[0].what


@pytest.mark.parametrize("xml", ["#begin document (x); part 0\n", "<html></html>", '{"a": 1}'])
def test_another_format_is_refused(read, xml):
    with pytest.raises(ConversionError, match="not a ace05 file"):
        read(xml=xml)


def test_windows_line_ends_leave_offsets_as_they_are(read):
    (doc,), log = read(sgm=SGM.replace("\n", "\r\n"), strict=True)
    assert len(doc.layers.mentions) == 5
    assert ["CRLF" in note.kind for note in log.notes] == [True]


def test_offsets_that_count_windows_line_ends_or_a_byte_order_mark_are_found_out(read):
    raw = SGM.replace("\n", "\r\n")
    annotation = entity(
        "E1", "PER", mention("E1-1", "NAM", "Ann", "Ann", raw), mention("E1-2", "PRO", "him", "him", raw)
    )
    assert texts(read(annotation, raw, strict=True)[0][0], [(1, 2, "PER"), (14, 15)]) == [("Ann", "PER"), ("him",)]
    marked = entity("E1", "PER", mention("E1-1", "NAM", "Ann", "Ann", "\ufeff" + SGM))
    (doc,), log = read(marked, "\ufeff" + SGM, strict=True)
    assert texts(doc, doc.layers.mentions) == [("Ann", "PER")]
    assert ["byte order mark" in note.kind for note in log.notes] == [True]


def test_entity_references_are_decoded_once_and_what_only_looks_like_one_is_text(read):
    sgm = "<TEXT>\nThe AT&amp;amp;T office, in the Q&A; after it, R&AMP;D too.\n</TEXT>\n"
    escaped = {"AT&amp;amp;T": "AT&amp;amp;T", "Q&A": "Q&amp;A", "R&AMP;D": "R&amp;AMP;D"}
    mentions = [
        entity(f"E{i}", "ORG", mention(f"E{i}-1", "NAM", text, raw=sgm).replace(f">{text}<", f">{xml}<"))
        for i, (text, xml) in enumerate(escaped.items())
    ]
    (doc,), _ = read("".join(mentions), sgm, strict=True)
    assert [" ".join(doc.words[m.start : m.end]) for m in doc.layers.mentions] == ["AT&amp;T", "Q&A", "R&D"]


def test_unknown_options_are_refused(read):
    with pytest.raises(ConversionError, match="extent must be one of head, full, found 'nose'"):
        read(extent="nose")
    with pytest.raises(ConversionError, match="relation_types must be one of type, subtype"):
        read(relation_types="all")


def test_the_final_pass_is_taken_and_texts_without_annotation_are_reported(read, tmp_path):
    folder = tmp_path / "nw" / "adj"
    folder.mkdir(parents=True)
    (folder / "X1.apf.xml").write_text("<source_file/>", encoding="utf-8")
    (folder / "X1.sgm").write_text("<DOC>old</DOC>", encoding="utf-8")
    (folder / "X2.sgm").write_text("<DOC>alone</DOC>", encoding="utf-8")
    (doc,), log = read()
    assert len(doc.layers.mentions) == 5
    assert ["the document twice" in note.kind for note in log.notes] == [True]
    assert ["no X2.apf.xml" in fault.what for fault in log.faults] == [True]
    assert not read(ids={"X1"})[1].faults
    assert read(ids={"X3"})[0] == []


def test_file_lists_may_hold_paths(read, tmp_path):
    assert [normalize_id("ace05", name) for name in ("nw/adj/X1", "X1.sgm", "./X1.apf.xml", "A.01")] == [
        *["X1"] * 3,
        "A.01",
    ]
    read()
    ids = tmp_path / "ids"
    ids.write_text("nw/timex2norm/X1\n", encoding="utf-8")
    assert convert("ace05", tmp_path, tmp_path / "x.spacy", ids=ids, strict=True).n_documents == 1


def test_the_sample_has_its_published_counts(hmtl_data, tmp_path):
    sample, output = hmtl_data / "ace05" / "sample", tmp_path / "x.spacy"
    report = convert("ace05", sample, output, strict=True)
    types = {"PER": 10, "VEH": 4, "GPE": 3, "ORG": 3, "FAC": 2, "LOC": 1, "WEA": 1}
    assert (report.n_documents, report.n_sentences) == (1, 7)
    assert report.labels["mentions"] == types
    assert report.labels["entities"].total() == 8
    assert report.labels["clusters"] == {"clusters": 12, "singletons": 6, "mentions": 24}
    assert report.labels["relations"] == {"ORG-AFF": 3, "PER-SOC": 1, "ART": 1, "PART-WHOLE": 1, "PHYS": 1}
    assert not report.log.notes
    report = convert("ace05", sample, output, strict=True, extent="full", values=True, times=True)
    assert report.labels["mentions"] == {**types, "TIME": 4, "Job-Title": 1, "Numeric": 1}
    assert not report.log.notes
