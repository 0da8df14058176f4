"""Migrations; see NOTES.md."""

from __future__ import annotations
