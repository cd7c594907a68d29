"""Names, mentions, coreference and relations in one spaCy component.

spaCy finds everything through entry points; nothing has to be imported by hand. Importing
this package registers the extensions (`doc._.coref_clusters` and its kin), so that Docs
saved by a pipeline can be read, and gold annotation can be set, where no pipeline is loaded.
"""

from .annotations import extensions

__version__ = "0.1.0"

extensions.register()
