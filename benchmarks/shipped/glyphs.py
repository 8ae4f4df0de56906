"""Renders the characters of handwriting fonts into benchmarks/material/glyphs.npz, which is committed.

    apt-get download PACKAGE... && dpkg-deb -x EACH.deb FOLDER
    python benchmarks/shipped/glyphs.py FOLDER

Only needed after a change to the table of fonts below. The fonts are Debian packages, all under the SIL Open Font
License, which does not cover what is drawn with a font. Each belongs to one group: `fit` to train on, `choose` to
choose by, `measure` for the figures alone. benchmarks/material/README.md names them.
"""

import argparse
import string
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

MATERIAL = Path(__file__).parents[1] / "material" / "glyphs.npz"
SIDE, LONGEST = 48, 40  # pixels: side of a picture, and longest side of the character in it
LEVELS = 17  # distance between two grey levels: 16 levels compress well, and 28×28 pixels do not show more
FONTS = {  # file: its group, and whether its small letters look like capitals
    "BecauseWeBuild-Regular.otf": ("fit", True),
    "BecauseWeConnect-Regular.otf": ("fit", True),
    "BecauseWeCreate-Regular.otf": ("fit", True),
    "BecauseWeLearn-Regular.otf": ("fit", True),
    "BecauseWeMentor-Regular.otf": ("fit", True),
    "BecauseWeOrganize-Regular.otf": ("fit", True),
    "Breip.ttf": ("fit", False),
    "ComicNeue-Regular.otf": ("fit", False),
    "Ecolier-court.ttf": ("fit", False),
    "Havana-Regular.otf": ("fit", False),
    "KaushanScript-Regular.otf": ("fit", False),
    "KleeOne-Regular.ttf": ("fit", False),
    "Kristi.ttf": ("fit", False),
    "LeckerliOne-Regular.ttf": ("fit", False),
    "Stick-Regular.ttf": ("fit", False),
    "YuseiMagic-Regular.ttf": ("fit", False),
    "Chilanka-Regular.otf": ("choose", False),
    "DancingScript-Regular.otf": ("choose", False),
    "TomsonTalks.ttf": ("choose", True),
    "Andika-Regular.ttf": ("measure", False),
    "Humor-Sans.ttf": ("measure", True),
    "Karumbi-Regular.ttf": ("measure", False),
    "NanumBrush.ttf": ("measure", False),
    "NanumPen.ttf": ("measure", False),
    "dkg.ttf": ("measure", False),
}
DIGIT_LIKE = frozenset("BDGIJLOQSYZbgijloqsyz")
"""Letters that a reader without context may take for a digit. They would prove nothing and are left out.

O, o, D, Q for 0; I, i, l, J, j, L for 1; Z, z for 2; Y, y for 4; S, s for 5; G, b for 6; B for 8; g, q for 9."""
SYMBOLS = "+=?%@#*<>~"  # not / | ( ) [ ] ! - . , which are strokes like a 1, nor & and $, which are much like an 8
KANA = "あいうえおかきくけこさすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん"
KANA_OF = ("KleeOne-Regular.ttf", "Stick-Regular.ttf", "YuseiMagic-Regular.ttf")
DIGIT_LIKE_KANA = frozenset("いうくしそちつてとにのへらりるろん")


def characters(file: str, capitals_only: bool) -> str:
    """The characters to draw of a font: digits, letters that do not look like one, symbols, and kana if it has any."""
    letters = [
        letter
        for letter in string.ascii_letters
        if letter not in DIGIT_LIKE and not (capitals_only and letter.upper() in DIGIT_LIKE)
    ]
    kana = [sign for sign in KANA if sign not in DIGIT_LIKE_KANA] if file in KANA_OF else []
    return "".join([*string.digits, *letters, *SYMBOLS, *kana])


def draw(font: ImageFont.FreeTypeFont, character: str) -> np.ndarray | None:
    """A character as uint8 `(48, 48)`, ink 255, its longest side 40 pixels; `None` if the font draws nothing."""
    picture = Image.new("L", (800, 800))
    ImageDraw.Draw(picture).text((250, 200), character, font=font, fill=255)
    box = picture.getbbox()
    if box is None:
        return None
    cut = picture.crop(box)
    scale = LONGEST / max(cut.size)
    cut = cut.resize([max(1, round(size * scale)) for size in cut.size], Image.Resampling.BOX)
    square = Image.new("L", (SIDE, SIDE))
    square.paste(cut, ((SIDE - cut.width) // 2, (SIDE - cut.height) // 2))
    return np.round(np.asarray(square) / LEVELS).astype(np.uint8) * LEVELS


def main() -> None:
    """Draws all characters and writes them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of the unpacked packages")
    folder = parser.parse_args().folder
    images, signs, fonts, groups = [], [], [], []
    for file, (group, capitals_only) in FONTS.items():
        font = ImageFont.truetype(str(next(folder.rglob(file))), 200)
        missing = draw(font, "\ufffe")  # the picture that the font has for missing characters
        for character in characters(file, capitals_only):
            image = draw(font, character)
            if image is not None and (missing is None or (image != missing).any()):
                images.append(image)
                signs.append(character)
                fonts.append(file.partition(".")[0])
                groups.append(group)
    MATERIAL.parent.mkdir(exist_ok=True)
    arrays = {"images": np.stack(images), "characters": signs, "fonts": fonts, "groups": groups}
    np.savez_compressed(MATERIAL, **{name: np.asarray(array) for name, array in arrays.items()})
    print(f"{MATERIAL}: {len(images):,} characters of {len(FONTS)} fonts, {MATERIAL.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
