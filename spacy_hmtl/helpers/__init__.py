"""Cut, join, retokenize and filter Docs such that names, mentions, coreference and relations stay consistent;
make tables of them.

spaCy's own ways lose or shift them: `Span.as_doc` drops span groups, `Doc.from_docs` drops
their `attrs`, and `Doc.retokenize` leaves their spans where they were.
"""

from ..annotations.slicing import slice_doc
from .filtering import filter_scores
from .frames import Frames, to_frames
from .joining import join_docs
from .listening import replace_listeners
from .retokenizing import retokenized

__all__ = ["Frames", "filter_scores", "join_docs", "replace_listeners", "retokenized", "slice_doc", "to_frames"]
