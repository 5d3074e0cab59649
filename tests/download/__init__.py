"""`brisc data download` against a server on this machine: whole and checked, or not at all."""
