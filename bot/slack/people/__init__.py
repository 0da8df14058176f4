"""What is kept of people: what they want to be told, when, and where they look."""
