import pytest

from spacy_hmtl.data.faults import ConversionError

EXAMPLE = """#doc news-001
[Anna Keller|PER anna|PERSON] joined [the [Lisbon|GPE lisbon|GPE] office of [Northwind Foods|ORG northwind|ORG]|ORG office] in {March 2019|DATE}.
> anna WORKS_FOR office
> office PART_OF northwind
> office LOCATED_IN lisbon
[She|PER anna] had led [the company|ORG northwind]'s plant in [Porto|GPE porto|GPE].
> anna WORKS_FOR northwind
"""  # noqa: E501


def document(*lines):
    return "#doc news-001\n" + "".join(line + "\n" for line in lines)


def text_of(doc, span):
    return " ".join(doc.words[span[0] : span[1]])


def test_the_example_of_the_guidelines_is_read(read):
    docs, log = read("demo", EXAMPLE, strict=True)
    doc = docs[0]
    assert (doc.name, doc.meta["kind"]) == ("news-001", "news")
    assert "".join(word + " " * space for word, space in zip(doc.words, doc.spaces)) == (
        "Anna Keller joined the Lisbon office of Northwind Foods in March 2019. "
        "She had led the company's plant in Porto."
    )
    assert [doc.words[start] for start in doc.sent_starts] == ["Anna", "She"]
    assert [(text_of(doc, name), name.label) for name in doc.layers.entities] == [
        ("Anna Keller", "PERSON"),
        ("Lisbon", "GPE"),
        ("Northwind Foods", "ORG"),
        ("March 2019", "DATE"),
        ("Porto", "GPE"),
    ]
    assert [(text_of(doc, mention), mention.label) for mention in doc.layers.mentions] == [
        ("Anna Keller", "PER"),
        ("the Lisbon office of Northwind Foods", "ORG"),
        ("Lisbon", "GPE"),
        ("Northwind Foods", "ORG"),
        ("She", "PER"),
        ("the company", "ORG"),
        ("Porto", "GPE"),
    ]
    assert [[text_of(doc, mention) for mention in cluster] for cluster in doc.layers.clusters] == [
        ["Anna Keller", "She"],
        ["the Lisbon office of Northwind Foods"],
        ["Lisbon"],
        ["Northwind Foods", "the company"],
        ["Porto"],
    ]
    assert [
        (text_of(doc, rel.head), rel.label, rel.tail.label, text_of(doc, rel.tail)) for rel in doc.layers.relations
    ] == [
        ("Anna Keller", "WORKS_FOR", "ORG", "the Lisbon office of Northwind Foods"),
        ("the Lisbon office of Northwind Foods", "PART_OF", "ORG", "Northwind Foods"),
        ("the Lisbon office of Northwind Foods", "LOCATED_IN", "GPE", "Lisbon"),
        ("She", "WORKS_FOR", "ORG", "the company"),
    ]
    assert not log.notes


def test_a_text_without_annotation_is_annotated_and_holds_nothing(read):
    docs, _ = read("demo", document("It rained."), strict=True)
    assert (docs[0].layers.entities, docs[0].layers.mentions, docs[0].layers.clusters, docs[0].layers.relations) == (
        [],
        [],
        [],
        [],
    )


def test_an_argument_counts_mentions_by_start_the_longer_first(read):
    docs, _ = read(
        "demo", document("[[Ann|PER a]'s uncle|PER a] met [Bo|PER b].", "> a AT b", "> a#2 AT b"), strict=True
    )
    assert [rel.head[:2] for rel in docs[0].layers.relations] == [(0, 3), (0, 1)]


def test_names_inside_and_outside_mentions_are_told_apart(read):
    docs, _ = read("demo", document("[Dr. {Mira Holt|PERSON}|PER mira] is {Danish|NORP}."), strict=True)
    assert [(text_of(docs[0], name), name.label) for name in docs[0].layers.entities] == [
        ("Mira Holt", "PERSON"),
        ("Danish", "NORP"),
    ]


@pytest.mark.parametrize(
    ("sentence", "what"),
    [
        ("[Ann|PER ann ran.", "expected [text|TYPE entity]"),
        ("[Ann ran.", "is not closed"),
        ("Ann|PER ann] ran.", "belongs to no open bracket"),
        ("Ann ran] home.", "belongs to no open bracket"),
        ("[Ann|per ann] ran.", "expected [text|TYPE entity]"),
        ("[Ann|PER Ann] ran.", "expected [text|TYPE entity]"),
        ("{Ann|PERSON ann} ran.", "expected {text|NAME}"),
        ("#news is not a header.", "expected a header"),
    ],
)
def test_broken_markup_skips_its_document(read, sentence, what):
    docs, log = read("demo", document("It rained.", sentence) + "\n#doc news-002\nFine.\n")
    assert [doc.name for doc in docs] == ["news-002"]
    assert [(fault.place.line, fault.place.document, fault.unit) for fault in log.faults] == [
        (3, "news-001", "document")
    ]
    assert what in log.faults[0].what


@pytest.mark.parametrize(
    ("relation", "what"),
    [
        ("> ann AT nowhere", "nowhere is no mention of the sentence above, which has 0 of it"),
        ("> ann#3 AT rome", "which has 2 of it"),
        ("> ann AT", "expected > head RELATION tail"),
        ("> ann at rome", "expected > head RELATION tail"),
        ("> ann AT ann", "relates a mention to itself"),
        ("> ann IN rome", "stands twice"),
    ],
)
def test_a_faulty_relation_is_skipped_alone(read, relation, what):
    docs, log = read(
        "demo", document("[Ann|PER ann] took [her|PER ann] car to [Rome|GPE rome].", "> ann IN rome", relation)
    )
    assert [rel.label for rel in docs[0].layers.relations] == ["IN"]
    assert [(fault.place.line, fault.unit) for fault in log.faults] == [(4, "relation")]
    assert what in log.faults[0].what


def test_a_relation_refers_to_the_sentence_above_only(read):
    docs, log = read("demo", document("[Ann|PER ann] ran.", "It rained.", "> ann AT ann"))
    assert docs[0].layers.relations == []
    assert "entities there: none" in log.faults[0].what


def test_a_boundary_inside_a_token_skips_the_mention_and_keeps_the_count_of_the_others(read):
    lines = [
        "The [well|PER ann]-known [Ann|PER ann]don't met [Ann|PER ann] in [Rome|GPE rome].",
        "> ann AT rome",
        "> ann#3 AT rome",
    ]
    docs, log = read("demo", document(*lines))
    assert [text_of(docs[0], mention) for mention in docs[0].layers.mentions] == ["well", "Ann", "Rome"]
    assert [text_of(docs[0], rel.head) for rel in docs[0].layers.relations] == ["well", "Ann"]
    assert "'Ann' does not fall on token boundaries (tokens here: Anndo" in log.faults[0].what


def test_two_mentions_of_one_extent_are_a_fault(read):
    docs, log = read("demo", document("[[Ann|PER ann]|PER bo] ran."))
    assert len(docs[0].layers.mentions) == len(docs[0].layers.clusters) == 1
    assert log.n_skipped() == {"mention": 1}


def test_overlapping_names_are_a_fault(read):
    docs, log = read("demo", document("[the {Bank of {Spain|GPE}|ORG}|ORG bank] closed."))
    assert [(text_of(docs[0], name), name.label) for name in docs[0].layers.entities] == [("Bank of Spain", "ORG")]
    assert log.n_skipped() == {"name": 1}


def test_an_empty_mention_is_a_fault(read):
    docs, log = read("demo", document("It [|PER ann] rained."))
    assert docs[0].layers.mentions == []
    assert log.n_skipped() == {"mention": 1}


def test_an_empty_line_ends_a_document(read):
    docs, log = read("demo", document("It rained.", "", "It poured."))
    assert docs == []
    assert "follows the empty line" in log.faults[0].what
    assert log.faults[0].place.line == 4


def test_an_id_stands_once(read):
    docs, log = read("demo", document("It rained.") + "\n" + document("It poured."))
    assert [doc.words[1] for doc in docs] == ["rained"]
    assert log.n_skipped() == {"document": 1}


def test_a_document_without_a_sentence_is_a_fault(read):
    assert read("demo", "#doc news-001\n\n")[1].n_skipped() == {"document": 1}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#doc 1024\n0\tVery\tO\t['N']\t[0]\n", "running text without tabs"),
        ("Ann\tB-per\n", "looks like iob"),
        ("It rained.\n", "a header such as #doc news-001"),
    ],
)
def test_another_format_is_refused(read, text, found):
    with pytest.raises(ConversionError, match="not a demo file.*" + found):
        read("demo", text)
