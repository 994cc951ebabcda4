"""Where everything is kept: tables by noun, migrations, isolation of tenants, and the private PostgreSQL server.

Belongs here: what knows SQL. Does not belong here: what a row means (`core`), who may ask for it (accounts), when it is
asked for (pipeline, planner).
"""
