"""Draws the icons of the site, and writes its manifest, so that the course can be put on a home screen.

The picture is a VM of four pages, from which the host has just taken one. It is drawn on squares of a sixteenth of the
icon, so that the same rectangles make the SVG and each PNG, without any program that draws.
"""
from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

GROUND, HOST, EL2, WAS = "#FFFFFF", "#313DD1", "#B94C00", "#D5D9DF"
UNITS = 16
Rectangle = tuple[str, int, int, int]
PICTURE: tuple[Rectangle, ...] = (
    (WAS, 7, 4, 5), (GROUND, 8, 5, 3), (EL2, 1, 4, 5), (EL2, 1, 10, 5), (EL2, 7, 10, 5), (HOST, 10, 1, 5))
"""Colour, left, top and width of each square, later ones over earlier ones."""
FOLDER = "assets/icons"
ICONS = {"icon-192.png": (192, UNITS), "icon-512.png": (512, UNITS), "maskable-512.png": (512, 2 * UNITS)}
"""For each PNG its width, and how many units that is: a system may cut off a maskable one around its middle half."""
NAME = "Taking a virtual machine apart"
MANIFEST = {
    "name": NAME, "short_name": "pKVM teardown", "lang": "en", "start_url": "./", "scope": "./", "id": "./",
    "description": "An interactive course on how protected KVM takes a virtual machine apart.",
    "display": "minimal-ui", "background_color": GROUND, "theme_color": HOST,
    "icons": [{"src": f"{FOLDER}/icon.svg", "sizes": "any", "type": "image/svg+xml"},
              {"src": f"{FOLDER}/icon-192.png", "sizes": "192x192", "type": "image/png"},
              {"src": f"{FOLDER}/icon-512.png", "sizes": "512x512", "type": "image/png"},
              {"src": f"{FOLDER}/maskable-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"}]}


def write_icons(folder: Path) -> None:
    """Write the icons and the manifest into a site."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    (folder / FOLDER / "icon.svg").write_text(draw_svg(), encoding="utf-8")
    for name, (width, units) in ICONS.items():
        (folder / FOLDER / name).write_bytes(draw_png(width, units))
    (folder / "manifest.webmanifest").write_text(json.dumps(MANIFEST, indent=1) + "\n", encoding="utf-8")


def format_links(root: str) -> str:
    """Return what the head of a page says of icons and manifest."""
    return (f'<link rel="icon" href="{root}{FOLDER}/icon.svg" type="image/svg+xml">\n'
            f'<link rel="apple-touch-icon" href="{root}{FOLDER}/icon-192.png">\n'
            f'<link rel="manifest" href="{root}manifest.webmanifest">\n'
            f'<meta name="theme-color" content="{HOST}">')


def draw_svg() -> str:
    """Return the icon as SVG."""
    squares = ((GROUND, 0, 0, UNITS), *PICTURE)
    shapes = "".join(f'<rect x="{left}" y="{top}" width="{width}" height="{width}" fill="{colour}"/>'
                     for colour, left, top, width in squares)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {UNITS} {UNITS}">{shapes}</svg>\n'


def draw_png(width: int, units: int) -> bytes:
    """Return the icon as PNG, in the middle of that many units of ground."""
    scale, margin = width // units, (units - UNITS) // 2
    colours = [GROUND, HOST, EL2, WAS]
    rows = [bytearray(width) for _ in range(width)]
    for colour, left, top, side in PICTURE:
        start, end = scale * (left + margin), scale * (left + margin + side)
        for row in rows[scale * (top + margin):scale * (top + margin + side)]:
            row[start:end] = bytes([colours.index(colour)]) * (end - start)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    palette = bytes.fromhex("".join(colour.removeprefix("#") for colour in colours))
    head = struct.pack(">IIBBBBB", width, width, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(format_chunk(*chunk) for chunk in chunks)


def format_chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG: its length, its kind, what it has, and a sum over both."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
