"""The stored tables and models, and the commands that make them: ``python -m gradbook.book.make.stored [NAME …]``.

Without a name it lists them. Every table and model holds the command that made it; a name runs that command again.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from gradbook.book.chapters import ROOT
from gradbook.book.stored import STORED
from gradbook.extraction.checkpoints import read_tensors


def command_of(path: Path) -> str:
    """Return the command that made the table or model at ``path``; empty if it was written by hand."""
    if path.suffix == ".safetensors":
        return read_tensors(path)[1].get("command", "")
    return str(json.loads(path.read_text(encoding="utf-8")).get("command", ""))


def commands() -> dict[str, str]:
    """Return, by the name of the table or model ("07-sensitivity"), the command that makes it."""
    files = sorted(path for path in STORED.iterdir() if path.suffix in (".json", ".safetensors"))
    return {path.stem: command_of(path) for path in files}


def main(asked: Sequence[str] | None = None) -> None:
    """List all, or run the commands of the named ones, each once; SystemExit for an unknown name or a failure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help='for example "07-sensitivity"')
    parser.add_argument("--data", help="the folder with the public sets that some tables are measured on")
    options = parser.parse_args(asked)
    known = commands()
    if unknown := set(options.names) - {name for name, command in known.items() if command}:
        parser.error(f"no command makes {', '.join(sorted(unknown))}")
    if not options.names:
        for name, command in known.items():
            print(f"{name:30} {command or 'annotated by hand'}")
    for command in dict.fromkeys(known[name] for name in options.names):
        words = [sys.executable, *shlex.split(command)[1:], *(["--data", options.data] if options.data else [])]
        print(shlex.join(words), flush=True)
        subprocess.run(words, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
