"""The reader: it plays a script's text, without running it and without torch, and says the events of every path.

`text` reads files, `program` holds what was given, `player` plays one path (`statements`, `expressions`, `calls`, `loops`,
`conditions`), `library` and `objects` know what names of PyTorch and the things made by them do, `roots` says where playing
begins, and `paths` plays a program again and again, once for every way that its undecided branches can go.
"""
