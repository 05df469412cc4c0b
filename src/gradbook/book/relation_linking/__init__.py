"""The stage of chapter 5: its pictures, exercises, measurements and figures."""
