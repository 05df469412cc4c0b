"""The stage of chapter 3: its pictures, exercises, measurements and figures."""
