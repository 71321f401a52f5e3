"""Where do the tests find the checkout and what it ships?"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets" / "runs"
CLINIC = ROOT / "assets" / "clinic"
APP = ROOT / "app.py"
BUNDLES = ROOT / "explorer" / "surface" / "dist"
