"""A document of ACE 2005, and pieces of its annotation."""

from spacy_hmtl.data.reading.ace_text import delete_tags

SGM = """<DOC>
<DOCID> X1 </DOCID>
<DATETIME> 2031-04-15 </DATETIME>
<BODY>
<HEADLINE>
News
</HEADLINE>
<TEXT>
<QUOTE PREVIOUSPOST="a
&lt; b"/>Ann of AT&amp;T Labs met
the anti-Rome boss.

She left him.
</TEXT>
</BODY>
</DOC>
"""
HEADER = '<?xml version="1.0"?>\n<!DOCTYPE source_file SYSTEM "apf.v5.1.1.dtd">\n'


def place(text, raw=SGM, nth=0):
    """START and END of a text in the source without tags, as ACE counts them."""
    source = delete_tags(raw).text
    start = -1
    for _ in range(nth + 1):
        start = source.index(text, start + 1)
    return start, start + len(text) - 1


def charseq(span, text):
    return f'<charseq START="{span[0]}" END="{span[1]}">{text}</charseq>'


def mention(id, type, extent, head=None, raw=SGM):
    body = f"<extent>{charseq(place(extent, raw), extent)}</extent>"
    body += f"<head>{charseq(place(head, raw), head)}</head>" if head else ""
    return f'<entity_mention ID="{id}" TYPE="{type}">{body}</entity_mention>'


def entity(id, type, *mentions):
    return f'<entity ID="{id}" TYPE="{type}">{"".join(mentions)}</entity>\n'


def relation(head, tail, type="ORG-AFF", subtype="Employment", extra=""):
    arguments = f'<relation_mention_argument REFID="{head}" ROLE="Arg-1"/>'
    arguments += f'<relation_mention_argument REFID="{tail}" ROLE="Arg-2"/>{extra}'
    return f'<relation TYPE="{type}" SUBTYPE="{subtype}"><relation_mention>{arguments}</relation_mention></relation>\n'


ANN = entity("E1", "PER", mention("E1-1", "NAM", "Ann of AT&amp;T Labs", "Ann"), mention("E1-2", "PRO", "She", "She"))
LABS = entity("E2", "ORG", mention("E2-1", "NAM", "AT&amp;T Labs", "AT&amp;T Labs"))
BOSS = entity("E3", "PER", mention("E3-1", "NOM", "the anti-Rome boss", "boss"), mention("E3-2", "PRO", "him", "him"))
TIME = f'<timex2><timex2_mention ID="T1"><extent>{charseq(place("2031-04-15"), "2031-04-15")}</extent>'
TIME += "</timex2_mention></timex2>\n"
VALUE = f'<value TYPE="Job-Title"><value_mention ID="V1"><extent>{charseq(place("boss"), "boss")}</extent>'
VALUE += "</value_mention></value>\n"
EVENT = '<event ID="EV1"><event_mention><anchor/></event_mention></event>\n'
ALL = ANN + LABS + BOSS + TIME + VALUE + relation("E1-1", "E2-1") + EVENT
