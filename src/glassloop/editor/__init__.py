"""check in an editor: a language server. Texts as they are typed, never the file on the disk; nothing is run."""
