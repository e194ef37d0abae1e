"""Stage 7: pure. Values to text, JSON and the formats that other tools read.

Others import its modules: a command loads only the renderer of the format that it was asked for.
`formats` has all formats by name, and the rest of what the command line needs is its own module.
"""
