"""The command line: one thin module a command; `main` alone picks exit codes."""
