"""The zoo: real architectures, each as the text of a file that a user would have."""

from dataclasses import dataclass
from pathlib import Path

from tests.zoo.libraries import texts

OWN = Path(__file__).parent / "networks"


@dataclass(frozen=True)
class Network:
    name: str
    family: str
    text: str

    def write(self, folder: Path) -> Path:
        """Write the file that a user would have; return it."""
        file = folder / f"{self.name}.py"
        file.write_text(self.text, encoding="utf-8")
        return file


def networks() -> tuple[Network, ...]:
    """Return every network of the zoo, the libraries' first."""
    found = [
        Network(f"{family}-{name}", family, text) for family, files in texts().items() for name, text in files.items()
    ]
    found += [
        Network(f"own-{file.stem.replace('_', '-')}", "self-written", file.read_text(encoding="utf-8"))
        for file in sorted(OWN.glob("*.py"))
    ]
    return tuple(found)
