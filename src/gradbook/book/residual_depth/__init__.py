"""The stage of chapter 8: its pictures, exercises, measurements and figures."""
