"""Modals: forms, pages, and windows in which people look closer."""
