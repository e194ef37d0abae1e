"""Kaiten over HTTP: implements `model/ports.py`. The only package that imports httpx."""
