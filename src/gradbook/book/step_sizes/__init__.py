"""The stage of chapter 7: its pictures, exercises, measurements and figures."""
