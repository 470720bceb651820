"""Help in sections: a long list of options under headings, in an order of its own."""

from collections.abc import Mapping
from typing import Any

from typer.core import TyperCommand


def in_sections(sections: Mapping[str, str]) -> type[TyperCommand]:
    """Return the kind of a command whose help shows its options under these headings.

    A section lists its options by their long names without dashes; what no section lists stands under `Other`.
    """

    class Sectioned(TyperCommand):
        def format_options(self, ctx: Any, formatter: Any) -> None:
            arguments, options = [], {}
            for parameter in self.get_params(ctx):
                record = parameter.get_help_record(ctx)
                if record is None:
                    continue
                if parameter.param_type_name == "argument":
                    arguments.append(record)
                else:
                    options[max(parameter.opts, key=len).lstrip("-")] = record
            if arguments:
                with formatter.section("Arguments"):
                    formatter.write_dl(arguments)
            widest = max(len(record[0]) for record in options.values())
            for heading, names in [*sections.items(), ("Other", "")]:
                listed = [options.pop(name) for name in names.split() if name in options]
                rows = listed or (list(options.values()) if heading == "Other" else [])
                if rows:
                    with formatter.section(heading):
                        first, words = rows[0]
                        formatter.write_dl([(first.ljust(widest), words), *rows[1:]])

    return Sectioned
