"""The server's rules, without storage and without HTTP."""
