"""Judging a report again: what counts, what a person has suppressed, and what the process returns for it.

An examination measures; nothing here does. A report comes in, and the same report comes out with other severities,
with findings left out or suppressed, and with the state, the verdict and the exit code that follow from that.

| module | answers |
|---|---|
| `exit_code` | What does the process return? |
| `selection` | Which findings stay, how bad are they, which limits hold? |
| `comments` | What do `# unetdoctor: ignore[CODE] reason` comments suppress, and which of them are stale? |
| `baseline` | Which findings were known before? |
| `conclusion` | What follows for state, diagnoses, sections and verdict? |
"""
