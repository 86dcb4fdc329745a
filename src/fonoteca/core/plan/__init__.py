"""Plans: what is to be done, decided from values, printed or carried out."""
