"""The dashboard: pages for people, made on the server, that work without JavaScript.

Forms go through the operations of the API, inside the process: what a form may send, who may
send it, and what is refused are one thing with two faces.
"""
