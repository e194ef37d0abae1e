"""Facts about each kind of object, as tables. Code that treats kinds alike reads them here.

Others import its modules: `registry` to look up a kind, `spec` for the types of the tables,
`references`, `values` and `addresses` for what follows from them. The tables themselves are
imported by `registry` alone, so that no stage knows a kind by name.
"""
