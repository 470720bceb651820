"""A page as a tree, read by the parser of the standard library."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "input", "br"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    content: "list[Element | str]" = field(default_factory=list)

    @property
    def children(self) -> list["Element"]:
        return [item for item in self.content if isinstance(item, Element)]

    def all(self, *tags: str) -> list["Element"]:
        found = [child for child in self.children if not tags or child.tag in tags]
        for child in self.children:
            found += child.all(*tags)
        return found

    @property
    def text(self) -> str:
        return "".join(item for item in self.content if isinstance(item, str))

    def whole_text(self) -> str:
        """The text of this element and of those below it, style and script left out."""
        if self.tag in ("style", "script"):
            return ""
        return "".join(item if isinstance(item, str) else item.whole_text() for item in self.content)

    def with_class(self, name: str) -> list["Element"]:
        return [e for e in self.all() if name in e.attributes.get("class", "").split()]


class Tree(HTMLParser):
    """Raises AssertionError for tags that do not close in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, names)
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].content.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].content.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, (self.open[-1].tag, tag, self.getpos())
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].content.append(data)


def parse(page: str) -> Element:
    tree = Tree()
    tree.feed(page)
    tree.close()
    assert len(tree.open) == 1, [element.tag for element in tree.open]
    return tree.root
