"""Kaiten over HTTP: implements `model/ports.py`. The only package that imports httpx.

Others import its modules, not names from here: whoever only checks a URL would otherwise load the
whole client, which would slow the start of `init`.
"""
