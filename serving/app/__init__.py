"""The web page: its back end reads uploads in memory and asks a model server by its public API."""
