"""HTTP: parse, call a use case, render. No query and no rule lives here."""
