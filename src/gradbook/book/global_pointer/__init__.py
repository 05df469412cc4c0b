"""The stage of chapter 4: its pictures, exercises, measurements and figures."""
