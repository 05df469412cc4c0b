"""What the Makefile calls: running and storing the chapters, drawing the figures, a browser that reads the book."""
