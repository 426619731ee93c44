"""The reader: it plays a script's text, without running it and without torch, and says the events of every path.

`text` reads files, `program` holds what was given, `player` plays one path (statements, expressions and calls in modules of
their own), `torchland` and its neighbours know what a name of PyTorch does, `paths` plays a program again and again, once for
every way its undecided branches can go.
"""
