"""Pure rules of licensing, shared by the embedded server and the rest. No I/O, no clock."""
