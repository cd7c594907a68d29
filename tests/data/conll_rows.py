"""A document in the table of CoNLL-2012."""

ROWS = [  # word, speaker, name, coreference; None ends a sentence
    ("Ann", "Ann_Lee", "(PERSON*", "(0|(3"),
    ("Lee", "Ann_Lee", "*)", "3)"),
    ("'s", "Ann_Lee", "*", "-"),
    ("dog", "Ann_Lee", "*", "0)"),
    ("left", "Ann_Lee", "*", "-"),
    ("/.", "Ann_Lee", "*", "-"),
    None,
    ("Did", "Bo", "*", "-"),
    ("it", "Bo", "*", "(0)"),
    ("see", "Bo", "*", "-"),
    ("Rome", "Bo", "(GPE)", "-"),
    ("/?", "Bo", "*", "-"),
    None,
]


def table(rows, *, document="bc/cnn/00/cnn_0001", part="000", arguments=("*",), end="#end document\n"):
    """The text of a document; rows as in ROWS."""
    lines, number = [f"#begin document ({document}); part {part}"], 0
    for row in rows:
        if row is None:
            lines.append("")
            number = 0
            continue
        word, speaker, name, coreference = row
        columns = [document, str(int(part)), str(number), word, "NN", "*", "-", "-", "-", speaker, name]
        lines.append("   ".join([*columns, *arguments, coreference]))
        number += 1
    return "\n".join(lines) + "\n" + end
