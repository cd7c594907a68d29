"""Pages: well-formed, escaped, with everything that is annotated."""

import re

import pytest
import spacy
from spacy.displacy.render import DEFAULT_LABEL_COLORS
from visualize import balanced
from visualize.balanced import Balanced

from spacy_hmtl.annotations import set_clusters, set_entities, set_mentions, set_relations
from spacy_hmtl.types import LabeledSpan, Triple
from spacy_hmtl.visualize import render
from spacy_hmtl.visualize.arcs import arcs_svg
from spacy_hmtl.visualize.colors import COLORS
from spacy_hmtl.visualize.network import MAX_NODES

EVIL = "<script>alert('1')</script> & \"Anna\""


class Reader(Balanced):
    """Collects the text and the sentences, too."""

    def __init__(self):
        super().__init__()
        self.text, self.sentences = [], []

    def handle_starttag(self, tag, attrs):
        super().handle_starttag(tag, attrs)
        if self.elements[-1][1].get("class") == "sentence":
            self.sentences.append("")

    def handle_data(self, data):
        self.text.append(data)
        inside = [tag for tag, attrs in self.open if attrs.get("class") == "sentence"]
        if inside and self.open[-1][0] != "b":
            self.sentences[-1] += data

    def boxes(self):
        return [attrs for _, attrs in self.elements if "box" in attrs.get("class", "").split()]


def read(html):
    return balanced.read(html, Reader())


@pytest.fixture
def nlp():
    return spacy.blank("en")


@pytest.fixture
def doc(nlp):
    """Anna Keller said she left Oslo ."""
    doc = nlp("Anna Keller said she left Oslo.")
    set_entities(doc, [LabeledSpan(0, 2, "PERSON", 0.875), LabeledSpan(5, 6, "GPE", 0.5)])
    set_mentions(doc, [LabeledSpan(0, 2, "PER", 0.75), LabeledSpan(1, 2, "PER", 0.25), LabeledSpan(3, 4, "PER", 0.5)])
    singles = [[LabeledSpan(1, 2, score=0.5)], [LabeledSpan(5, 6, score=0.5)]]
    set_clusters(doc, [[(0, 2), LabeledSpan(3, 4, score=0.625)], *singles])
    set_relations(doc, [Triple(LabeledSpan(3, 4, "PER"), "AT", LabeledSpan(5, 6, "GPE"), 0.8125)])
    return doc


def test_the_text_is_there_in_full(doc, demo_docs):
    for shown in [doc, *demo_docs]:
        reader = read(render(shown))
        assert "".join("".join(reader.sentences).split()) == "".join(shown.text.split())


def test_everything_is_escaped(nlp):
    doc = nlp(EVIL)
    set_entities(doc, [LabeledSpan(0, 2, EVIL)])
    set_mentions(doc, [LabeledSpan(0, 3, EVIL)])
    set_clusters(doc, [[(0, 3), (3, 4)], [(0, 1)]])
    set_relations(doc, [Triple(LabeledSpan(0, 3, EVIL), EVIL, LabeledSpan(3, 4, EVIL))])
    html = render(doc, title=EVIL)
    reader = read(html)
    assert len([tag for tag, _ in reader.elements if tag == "script"]) == 1
    assert "alert('1')" not in re.sub(r"&lt;script&gt;|&#x27;", "", html)
    for _, attrs in reader.elements:
        assert not any(name.startswith("on") for name in attrs)


def test_nothing_is_loaded_from_elsewhere(demo_docs):
    reader = read(render(demo_docs))
    assert not any({"src", "srcset", "action"} & set(attrs) for _, attrs in reader.elements)
    assert all(attrs["href"].startswith("#") for _, attrs in reader.elements if "href" in attrs)
    assert "@import" not in render(demo_docs)
    assert "url(" not in render(demo_docs)


def test_confidences_stand_in_tooltips(doc):
    titles = [box["title"] for box in read(render(doc)).boxes()]
    assert titles[0] == "name PERSON: 0.88\nmention PER: 0.75\ncluster 1, Anna Keller: 1.00"
    assert titles[1] == "mention PER: 0.25\nmentioned once: 0.50"


def test_mentions_of_a_chain_carry_its_key(doc):
    boxes = read(render(doc)).boxes()
    keys = [box.get("data-chain") for box in boxes]
    assert keys[0] == keys[2] is not None  # Anna Keller, she
    assert keys[1] is keys[3] is None  # mentioned once
    rows = [attrs["data-chain"] for tag, attrs in read(render(doc)).elements if tag == "tr" and "data-chain" in attrs]
    assert rows == [keys[0]]


def test_chains_of_two_documents_have_different_keys(doc):
    reader = read(render([doc, doc]))
    keys = {(box.get("data-chain")) for box in reader.boxes()} - {None}
    assert len(keys) == 2


def test_nested_and_crossing_spans_are_all_shown(nlp):
    doc = nlp("a b c d e f")
    set_mentions(
        doc, [LabeledSpan(0, 6, "ALL"), LabeledSpan(0, 3, "L"), LabeledSpan(2, 5, "R"), LabeledSpan(2, 3, "M")]
    )
    set_clusters(doc, [[(1, 4), (3, 6)]])
    reader = read(render(doc))
    assert "".join(reader.sentences[0].split()) == "abcdef"
    badges = [data for data in reader.text if data in ("ALL", "L", "R", "M")]
    assert sorted(badges[:4]) == ["ALL", "L", "M", "R"]  # once each in the text, then in the legend
    assert any("cut-right" in box["class"] for box in reader.boxes())


def test_a_part_is_not_cut_within_a_span(nlp):
    doc = nlp("St. Paul met Dr. No. She left.")
    whole = (0, len(doc))
    assert len(read(render(doc)).sentences) > 1
    set_mentions(doc, [LabeledSpan(*whole, "X")])
    assert len(read(render(doc)).sentences) == 1


def test_captions_of_low_arcs_lie_over_the_lines_of_high_ones():
    head, middle, tail = (LabeledSpan(i, i + 1, "ORG") for i in (0, 2, 4))
    texts = {span[:3]: f"argument {span.start}" for span in (head, middle, tail)}
    svg = arcs_svg([Triple(head, "SHORT", middle, 1.0), Triple(head, "LONG", tail, 1.0)], texts)
    assert svg.index(">LONG<") < svg.index(">SHORT<")
    short, long = (float(re.findall(rf'y="([0-9.]+)"[^>]*>{label}<', svg)[0]) for label in ("SHORT", "LONG"))
    assert long < short


def test_relations_are_arcs_with_label_and_arrow(doc):
    html = render(doc)
    reader = read(html)
    assert "she AT Oslo: 0.81" in "".join(reader.text)
    # One arc below the sentence, one line in the graph of the entities.
    assert [tag for tag, _ in reader.elements].count("svg") == 2
    assert len([attrs for tag, attrs in reader.elements if attrs.get("class") == "arrow"]) == 2


def test_relations_are_lifted_to_entities(doc):
    cells = re.findall(r'class="triples".*?</section>', render(doc), re.DOTALL)[0]
    assert '<th scope="row">Anna Keller</th><td class="relation">AT</td><th>Oslo</th>' in cells
    assert "she → Oslo" in cells


def test_relations_with_itself_and_both_ways_are_drawn(nlp):
    doc = nlp("a b c")
    a, c = LabeledSpan(0, 1, "A"), LabeledSpan(2, 3, "C")
    set_relations(doc, [Triple(a, "R", c), Triple(c, "S", a), Triple(a, "T", a), Triple(a, "U", c)])
    text = read(render(doc)).text
    assert "R, U" in text
    assert {"S", "T"} <= set(text)


def test_the_graph_shows_each_entity_once_and_lights_up_its_chain(doc):
    html = render(doc)
    graph = html[html.index('class="arcs network"') :]
    graph = graph[: graph.index("</svg>")]
    assert "Anna Keller AT Oslo: 0.81" in graph
    assert graph.count('class="node"') == 2
    chain = re.findall(r'data-chain="([^"]+)"', graph)[0]
    assert html.count(f'data-chain="{chain}"') > 2


def test_a_graph_of_many_entities_shows_those_with_the_most_relations(nlp):
    doc = nlp(" ".join("abc"[i % 3] for i in range(120)))
    spans = [LabeledSpan(i, i + 1, "X") for i in range(len(doc))]
    set_relations(doc, [Triple(spans[0], "R", span) for span in spans[1:]] + [Triple(spans[1], "R", spans[2])])
    html = render(doc)
    assert html.count('class="node"') == MAX_NODES
    assert f"{120 - MAX_NODES} entities with fewer relations are not drawn" in html


def test_boxes_of_the_graph_do_not_overlap(nlp):
    doc = nlp(" ".join(f"entity{i}" for i in range(30)))
    spans = [LabeledSpan(i, i + 1, "X") for i in range(30)]
    set_relations(doc, [Triple(spans[i], "R", spans[(7 * i + 1) % 30]) for i in range(30)])
    html = render(doc)
    rows = re.findall(r'<g class="node".*?<rect x="(.+?)" y="(.+?)" width="(.+?)" height="(.+?)"', html)
    boxes = [tuple(map(float, row)) for row in rows]
    assert len(boxes) == 30
    for i, (x, y, width, height) in enumerate(boxes):
        for left, top, other, high in boxes[:i]:
            assert x >= left + other or left >= x + width or y >= top + high or top >= y + height
    assert render(doc) == html


def test_missing_layers_are_named(nlp):
    text = "".join(read(render(nlp("Dell moves."))).text)
    for layer in ("names", "mentions", "clusters", "relations"):
        assert f"{layer}: not annotated" in text


def test_empty_layers_are_not_missing(nlp):
    doc = nlp("Dell moves.")
    set_entities(doc, [])
    set_mentions(doc, [])
    set_clusters(doc, [])
    set_relations(doc, [])
    text = "".join(read(render(doc)).text)
    assert "not annotated" not in text
    assert "0 relations" in text


@pytest.mark.parametrize("text", ["", " ", "\n \n", "Dell", "😀", "ذهب أحمد"])
def test_odd_texts_are_shown(nlp, text):
    read(render(nlp(text)))


def test_a_page_of_no_documents():
    assert "No documents" in "".join(read(render([])).text)


def test_layers_can_be_chosen(doc):
    html = render(doc, layers=["ner"])
    assert "PERSON" in html
    assert "<svg" not in html
    assert 'data-chain="' not in re.sub(r"<script>.*</script>", "", html, flags=re.DOTALL)
    assert "not annotated" not in html


def test_unknown_layers_are_named(doc):
    with pytest.raises(ValueError, match="Unknown layers names"):
        render(doc, layers=["names"])


def test_a_notebook_shows_the_page(doc):
    page = render(doc)
    assert page.startswith("<!DOCTYPE html>")
    assert page._repr_html_() in page
    assert render(doc, page=False).startswith('<div class="hmtl">')


def test_displacy_keeps_its_colours():
    assert COLORS["PER"].startswith("#")
    assert all(label == label.upper() for label in COLORS)
    assert not set(COLORS) & set(DEFAULT_LABEL_COLORS)
