"""LibreOffice, which opens CSV files as teachers do: what is in each cell, and whether it is a formula."""
from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

OFFICE = shutil.which("soffice") or shutil.which("libreoffice") or ""
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
VALUE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
UTF_8 = 76
"""The number of UTF-8 among LibreOffice's encodings."""


def open_in_spreadsheet(file: Path, separator: str) -> list[list[tuple[str, str]]]:
    """Return text and formula of each cell of a CSV file, as a spreadsheet program has them."""
    options = f"CSV:{ord(separator)},34,{UTF_8},1,,0,false,true,false"
    home = f"-env:UserInstallation={(file.parent / 'home').as_uri()}"
    subprocess.run([OFFICE, home, "--headless", f"--infilter={options}", "--convert-to", "fods", file.name],
                   cwd=file.parent, env=os.environ | {"HOME": str(file.parent)}, check=True, capture_output=True)
    root = ElementTree.parse(file.with_suffix(".fods")).getroot()
    return [strip([*list_cells(row)]) for row in root.iter(f"{TABLE}table-row")]


def list_cells(row: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """Yield text and formula of each cell of a row; equal neighbours are stored once."""
    for cell in row.iter(f"{TABLE}table-cell"):
        text = "\n".join(read_text(line) for line in cell.iter(f"{TEXT}p"))
        yield from [(cell.get(VALUE, text), cell.get(f"{TABLE}formula", ""))] * int(
            cell.get(f"{TABLE}number-columns-repeated", "1"))


def read_text(line: ElementTree.Element) -> str:
    """Return the text of a line; OpenDocument writes several spaces as an element."""
    parts = [line.text or "", *(" " * int(each.get(f"{TEXT}c", "1")) * (each.tag == f"{TEXT}s") + read_text(each) +
                                (each.tail or "") for each in line)]
    return "".join(parts)


def strip(cells: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the cells of a row without the empty ones at its end: a spreadsheet has a thousand of them."""
    return cells[:max((at for at, cell in enumerate(cells, 1) if any(cell)), default=0)]
