"""The embedded server: speaks Kaiten's HTTP API over a database of its own.

A sibling of the reconciler: it shares only `licensing/` with it, and is spoken to over HTTP.
"""
