"""How objects look to clients: rows to plain data, for the API's answers and for events alike."""
