"""Pictures and masks as files: decoded, measured and counted, without a model and without torch.

| module | question |
|---|---|
| `decoding` | How does a picture file become numbers? The one decoder of the package |
| `arrays` | How does a `.npy` or `.npz` file become numbers, without pickle? |
| `header` | What do the first bytes of a file say, and is it whole? Nothing is decoded |
| `masks`, `palettes` | Which ids does a mask file hold, and how are they coded? |
| `labels`, `picture`, `alignment` | What is measured of a mask, of a picture, of the two together? |
| `pair` | One pair in, one record out: `audit_pair` |
| `sources`, `files` | What may IMAGES and MASKS be, and how is a file read? `folders`, `tables`, `tars`, `remote` |
| `pairing`, `names` | Which mask belongs to which image? `beside`, `matching`, `listing` |
| `totals` | Records to totals, and totals to totals: `totals_of`, `merge` |

Every file becomes a record: what cannot be read is one with its reason.
"""
