"""Telling a person, and a dead-man's switch: what, when, in which words, and by a process that can be killed."""
