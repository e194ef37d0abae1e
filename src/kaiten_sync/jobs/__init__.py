"""The jobs: what a person, the dashboard or a controller can ask for, each one function.

A job takes a workspace, a request and the ports of its caller, and returns values. It puts the
pipeline, the record of what was agreed, and files together; it knows nothing of options, terminals
or exit codes.

Commands import the module of their one job: loading all jobs would slow the start of each command.
"""
