"""The data sets that installed packages ship, read in place: digits, flights, genes, and Chinese news text."""
