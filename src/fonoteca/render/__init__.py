"""Faces of results: sentences, tables, JSON lines, progress and the closing report. Values in, text out."""
