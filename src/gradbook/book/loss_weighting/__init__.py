"""The stage of chapter 1: its pictures, exercises, measurements and figures."""
