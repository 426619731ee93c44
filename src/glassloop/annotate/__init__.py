"""annotate: your loop, line by line. What each line does, why it stands there, what breaks if it moves.

`document(path)` reads a script or a notebook, without running it and without torch, into blocks; writers give them a form.
"""

from glassloop.annotate.blocks import Block, Code, Document, Note, Prose, Row
from glassloop.annotate.document import blocks_of, document

__all__ = ["Block", "Code", "Document", "Note", "Prose", "Row", "blocks_of", "document"]
