"""The values that travel through the pipeline. They hold data and do nothing.

Everything here is immutable. `Absent`, `None` and a value are three different things:
a field that is absent is not managed, a field that is `None` is cleared.

Others import its modules, one per idea: there are more than a hundred values, and the module says
what a value is about.
"""
