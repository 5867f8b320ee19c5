"""Pure rules: no waiting, no database, no clock; the moment is an argument."""
