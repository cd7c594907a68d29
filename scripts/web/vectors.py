"""Static vectors for the pretrained pipeline without a transformer: those of the teacher, by words in lower case.

    python scripts/web/vectors.py TEACHER OUTPUT

TEACHER is an unpacked pipeline of spaCy's with vectors (en_core_web_md: 20,000 rows of 300 numbers); OUTPUT is what
`initialize.vectors` reads. Numbers are rounded to half precision, which the wheel then holds in half the space.
"""

from __future__ import annotations

import sys
from pathlib import Path

import spacy
from spacy.vectors import Vectors

_UNUSED = ("tagger", "parser", "senter", "attribute_ruler", "lemmatizer", "ner", "tok2vec")


def main(teacher: Path, output: Path) -> None:
    """Read, keep one key for each lower-cased word, and write."""
    source = spacy.load(teacher, exclude=_UNUSED).vocab
    rows = source.vectors.key2row
    # A word that has no lower-cased form of its own is looked up by the first of its spellings.
    kept: dict[int, int] = {}
    for key, row in sorted(
        rows.items(), key=lambda item: item[0] != source.strings.add(source.strings[item[0]].lower())
    ):
        kept.setdefault(source.strings.add(source.strings[key].lower()), int(row))
    nlp = spacy.blank("en")
    nlp.vocab.vectors = Vectors(
        strings=nlp.vocab.strings,
        data=source.vectors.data.astype("float16").astype("float32"),
        name="en_hmtl_web_vectors",
    )
    for key, row in kept.items():
        nlp.vocab.vectors.add(key, row=row)
    output.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(output)
    print(f"{output}: {len(kept):,} words, {nlp.vocab.vectors.shape[0]:,} vectors")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
