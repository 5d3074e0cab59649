"""`brisc runs`, by the records of runs that nobody had to wait for."""
