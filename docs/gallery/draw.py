"""Draw the pictures of the gallery again: `python docs/gallery/draw.py [name ...]`.

Each page `name.md` has a program `examples/name.py` and its picture `name.png`, which is stored in
128 colours to keep the repository small.
"""

import subprocess
import sys
from pathlib import Path

from PIL import Image

GALLERY = Path(__file__).parent
EXAMPLES = GALLERY.parent.parent / "examples"

for name in sys.argv[1:] or sorted(page.stem for page in GALLERY.glob("*.md")):
    if (program := EXAMPLES / f"{name}.py").exists():
        picture = GALLERY / f"{name}.png"
        print(program, flush=True)
        subprocess.run([sys.executable, program, "--picture", picture], check=True)
        Image.open(picture).convert("RGB").quantize(128, dither=0).save(picture, optimize=True)
