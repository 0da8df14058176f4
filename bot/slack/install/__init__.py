"""How the app comes into workspaces, and what it keeps of them."""
