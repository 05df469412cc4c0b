"""What turns the sources into the book: running and storing the chapters, drawing the figures, the list of chapters."""
