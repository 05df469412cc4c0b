"""The stage of chapter 2: its pictures, exercises, measurements and figures."""
