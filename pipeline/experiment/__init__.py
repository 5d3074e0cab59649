"""What a tool that compares experiments reads of a run: flat metrics and the tables of charts."""
