"""Help in sections: a long list of options under headings; and with `-h` those most used, on one screen."""

from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperCommand


def in_sections(sections: Mapping[str, str], most_used: str) -> type[TyperCommand]:
    """Return the kind of a command whose help shows its options under these headings.

    A section lists its options by their long names without dashes; what no section lists stands under `Other`.
    `most_used` are those of the short help.
    """

    class Sectioned(TyperCommand):
        def brief(self, ctx: Any) -> str:
            """Return the short help: usage, examples, the most used options."""
            formatter = ctx.make_formatter()
            self.format_usage(ctx, formatter)
            self.format_help_text(ctx, formatter)
            self._format(ctx, formatter, {"Most used options": most_used})
            formatter.write(f"\nAll options: {ctx.command_path} --help\n")
            return str(formatter.getvalue())

        def format_options(self, ctx: Any, formatter: Any) -> None:
            self._format(ctx, formatter, {**sections, "Other": ""})

        def _format(self, ctx: Any, formatter: Any, shown: Mapping[str, str]) -> None:
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
            for heading, names in shown.items():
                listed = [options.pop(name) for name in names.split() if name in options]
                rows = listed or (list(options.values()) if heading == "Other" else [])
                if rows:
                    with formatter.section(heading):
                        first, words = rows[0]
                        formatter.write_dl([(first.ljust(widest), words), *rows[1:]])

    return Sectioned


def show_brief(ctx: typer.Context, asked: bool) -> None:
    """Write the short help and leave."""
    if asked:
        typer.echo(ctx.command.brief(ctx), nl=False)  # type: ignore[attr-defined]
        raise typer.Exit
