"""The load report: what was read, accepted, refused and found odd, as the terminal shows it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from rich.console import Console

from data.messages import message


@dataclass
class LoadReport:
    """Figures of one build; the same rows stand in its tables load_file, _refused and _finding."""

    build_id: str
    title: str
    files: pd.DataFrame
    refused: pd.DataFrame
    findings: pd.DataFrame
    seconds: float

    def show(self, console: Console) -> None:
        """Print it."""
        console.print(f"\n{self.title}", style="bold", markup=False, highlight=False)
        files = self.files.drop(columns="sha256").rename(columns={"table_name": "table"})
        console.print(files.to_string(index=False), markup=False, highlight=False, soft_wrap=True)
        if len(self.refused):
            console.print("\nrefused (every record stands in table load_refused)", style="bold")
            grouped = self.refused.groupby(["file", "wanted", "column_name", "reason"], sort=False)
            for (file, wanted, column, reason), rows in grouped:
                first = rows.iloc[0]
                console.print(
                    f"  {rows['row'].nunique():,} of {file}{f' ({wanted})' if wanted else ''}, "
                    f"{column or 'line'}: "
                    f"{message('reason', reason, 'en')} First: row {first['row']}, "
                    f"{str(first['value'])[:60]!r}.",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )
        if len(self.findings):
            console.print("\naccepted, but odd", style="bold")
            for row in self.findings.itertuples():
                text = message("finding", row.finding, "en")
                detail = f" ({row.detail})" if row.detail else ""
                line = f"  {row.count:,} {row.table_name}: {text}{detail}"
                console.print(line, markup=False, highlight=False, soft_wrap=True)
        console.print(
            f"\npublished build {self.build_id} in {self.seconds:.1f} s",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
