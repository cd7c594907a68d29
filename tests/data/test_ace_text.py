"""What of the text of ACE 2005 counts, and where its mentions stand in it."""

from html import escape, unescape

from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_hmtl.data.faults import FaultLog
from spacy_hmtl.data.formats import get_reader
from spacy_hmtl.data.reading.ace_text import delete_tags, tokenize


def test_tags_are_deleted_and_everything_else_counts():
    source = delete_tags('<DOC>\n<A B="x\ny"> a &amp; </A>\n<BODY>\nb < c\n<D>e</BODY>\nd <')
    assert source.text == "\n a &amp; \n\nb e\nd <"
    assert source.text[source.body[0] : source.body[1]] == "\nb e"
    assert delete_tags("no tags < here").text == "no tags < here"


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(st.sampled_from("ab&<> \n\u00e9.'-"), max_size=40),
    boundaries=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10)), max_size=5),
    heads=st.booleans(),
)
def test_random_mentions_come_back_with_their_text(tmp_path_factory, text, boundaries, heads):
    folder = tmp_path_factory.getbasetemp() / "ace"
    folder.mkdir(exist_ok=True)
    # Each boundary is one between the characters of the decoded text; the source has them escaped.
    offsets = [len(escape(text[:i], quote=False)) for i in range(len(text) + 1)]
    raw = escape(text, quote=False)
    entities, expected = "", []
    for number, (start, length) in enumerate(boundaries):
        end = min(start + length, len(text))
        inner = text[start:end]
        if inner.strip():
            seq = f'<charseq START="{offsets[start]}" END="{offsets[end] - 1}">{escape(inner, quote=False)}</charseq>'
            part = f"<extent>{seq}</extent>" + (f"<head>{seq}</head>" if heads else "")
            entities += f'<entity ID="E{number}" TYPE="PER"><entity_mention TYPE="NOM" ID="{number}">{part}'
            entities += "</entity_mention></entity>"
            expected.append(" ".join(inner.split()))
    (folder / "R.sgm").write_text(f"<DOC>{raw}</DOC>", encoding="utf-8", newline="\n")
    xml = f"<source_file><document>{entities}</document></source_file>"
    (folder / "R.apf.xml").write_text(xml, encoding="utf-8", newline="\n")
    log = FaultLog()
    docs = list(get_reader("ace05")(folder / "R.sgm", faults=log))
    assert bool(docs) == bool(text.strip())
    assert all("same tokens" in fault.what or "no tokens" in fault.what for fault in log.faults)
    if docs:
        found = ["".join(docs[0].words[m.start : m.end]) for m in docs[0].layers.mentions or []]
        assert all(any("".join(e.split()) in f for f in found) for e in expected)
        source = delete_tags(f"<DOC>{raw}</DOC>\n")
        tokens = tokenize(source, [])
        assert [unescape(source.text[a:b]) for a, b in zip(tokens.starts, tokens.ends)] == tokens.words
