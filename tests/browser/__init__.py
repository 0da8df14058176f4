"""The simulator's page in a real browser, with a small Bolt app as the other side."""
