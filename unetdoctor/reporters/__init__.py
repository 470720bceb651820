"""Reports as text or bytes, one module per format; nothing here measures, decides or imports torch.

| module | turns a Report into |
|---|---|
| `terminal` | what a person reads, with `blocks/` for its parts |
| `json_report` | the contract of machines |
| `html` | one self-contained page |
| `pictures`, `sheet`, `signal` | PNG files in a folder; `stored` reads them back |
| `svg` | the terminal report as a picture for documents |
| `rules` | the catalogue, and the page of one check |

Every foreign string passes `safe`, every file passes `atomic`.
"""
