"""Print the sample reports, to be looked at: `python -m tests.reporters.look_at [state] [width] [ascii] [v]`."""

import sys

from tests.reporters import build
from unetdoctor.reporters import terminal
from unetdoctor.reporters.look import Look

if __name__ == "__main__":
    words = sys.argv[1:]
    width = next((int(word) for word in words if word.isdecimal()), 80)
    colors = "standard" if "color" in words else None
    look = Look(width=width, colors=colors, ascii_only="ascii" in words, verbose="v" in words)
    for name, make in build.STATES.items():
        if name in words or not any(word in build.STATES for word in words):
            sys.stdout.write(f"{'=' * width}\n{terminal.to_text(make(), look)}")
