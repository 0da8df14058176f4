"""Stories over the whole bot as a process of its own."""
