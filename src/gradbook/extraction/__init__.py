"""What one needs for texts of one's own: encoders, extractors, training, readers of annotated files, F1."""
