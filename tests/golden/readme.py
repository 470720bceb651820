"""The README's generated parts: blocks between markers, commands that run, pictures."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.promises.figures import kept, table

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PICTURES = ROOT / ".github" / "readme"
RESULTS = ROOT / "tests" / "faults" / "RESULTS.md"
WIDTH = 100

BLOCK = re.compile(r"<!-- generated: (?P<name>[\w-]+) -->\n(?P<body>.*?)<!-- end -->", re.DOTALL)
RUNNING = re.compile(r"<!-- runs: exit (?P<code>\d+) -->\n```console\n(?P<lines>.*?)```", re.DOTALL)


def output_of(*arguments: str) -> str:
    """Return what a command of ours prints on a plain terminal of fixed width."""
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": str(WIDTH), "TERMINAL_WIDTH": str(WIDTH)}
    for name in ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS"):
        environment.pop(name, None)
    run = subprocess.run(
        [sys.executable, "-m", "unetdoctor", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        env={**environment, "PYTHONIOENCODING": "utf-8"},
        cwd=ROOT,
        check=True,
        timeout=120,
    )
    return "\n".join(line.rstrip() for line in run.stdout.strip("\n").splitlines()) + "\n"


def help_block() -> str:
    """Return the help of `inspect` as a fenced block."""
    return f"```text\n{output_of('inspect', '--help')}```\n"


def catalogue_block() -> str:
    """Return the table of checks."""
    return output_of("rules", "--format", "markdown")


def accuracy_block() -> str:
    """Return the first table of the accuracy bench's results, as they were written when it last ran."""
    lines = RESULTS.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|"))
    end = next(i for i in range(start, len(lines)) if not lines[i].startswith("|"))
    return "\n".join(lines[start:end]) + "\n"


def promises_block() -> str:
    """Return the table of what is promised, with the figures of the last full run."""
    return table(kept())


BLOCKS = {"help": help_block, "catalogue": catalogue_block, "accuracy": accuracy_block, "promises": promises_block}


def blocks(text: str) -> dict[str, str]:
    """Return the generated blocks of a page by name."""
    return {match["name"]: match["body"] for match in BLOCK.finditer(text)}


def regenerated(text: str) -> str:
    """Return the page with every block as it is now."""
    return BLOCK.sub(lambda match: f"<!-- generated: {match['name']} -->\n{BLOCKS[match['name']]()}<!-- end -->", text)


def words(block: str) -> list[str]:
    """Return a block's words: how a help page is boxed and wrapped is its library's affair, and changes."""
    return re.sub(r"[\u2500-\u257f+|`\-]{1,}(?=\s|$)|[\u2500-\u257f]+", " ", block).split()


def commands(text: str) -> list[tuple[str, str, int]]:
    """Return (folder, command line, exit code) of every command that the page marks for running."""
    found = []
    for match in RUNNING.finditer(text):
        folder = "."
        for line in match["lines"].splitlines():
            typed = line.removeprefix("$ ")
            if typed.startswith("cd "):
                folder = typed.removeprefix("cd ")
            elif line.startswith("$ "):
                found.append((folder, typed, int(match["code"])))
    return found


def pictures(text: str) -> list[str]:
    """Return the paths of the pictures that the page shows."""
    return re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
