"""Names, mentions, coreference and relations in one spaCy component.

spaCy finds everything through entry points; nothing has to be imported by hand.
This file imports nothing, so that it costs nothing.
"""

__version__ = "0.1.0"
