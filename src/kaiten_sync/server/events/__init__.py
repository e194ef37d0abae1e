"""Events on their way out: webhooks, delivered until they are acknowledged."""
