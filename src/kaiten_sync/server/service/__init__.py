"""Use cases: one function each, in the caller's transaction and for the caller's organisation."""
