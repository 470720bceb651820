"""The report as one self-contained page: no request, no inline handler, nothing of a model's that is not text.

| module | what it holds |
|---|---|
| `page` | the page from its parts: templates with autoescape, the content security policy |
| `part` | what a part of the page is, and what it is made of |
| `images` | which PNG files stand in the page, and how many bytes they may take |
| `outcome`, `picture`, `beside`, `records` | the parts, one function each |
| `network`, `chain`, `stages` | the U with its measured skips, or the stages as a chain; the health of each |
| `profile` | the signal along the depth as a curve |
| `wording` | signs and words that parts share |
| `templates/` | markup, style and script |

To add a part: a function from `Source` to `Part | None`, its template, one row of `page.PARTS`.
"""

from unetdoctor.reporters.html.page import to_html

__all__ = ["to_html"]
