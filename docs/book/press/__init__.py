"""Makes the book: chapters in Markdown whose code, sentences and numbers are taken from what is there and what runs."""
