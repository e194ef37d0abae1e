"""Storage: tables, migrations, and the only place with SQL."""
