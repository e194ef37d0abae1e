"""The embedded server: speaks Kaiten's HTTP API over a database of its own.

A sibling of the reconciler: it shares `licensing/` with it, and how changes are judged
(`service/previews.py`, ADR 40), and is spoken to over HTTP.
"""
