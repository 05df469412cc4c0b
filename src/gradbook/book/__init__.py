"""What the chapters stand on: the widget kit, exercises, data sets, stored results, and one room a chapter."""
