"""The stage of chapter 6: its pictures, exercises, measurements and figures."""
