"""A photo in, readings out; each step can be asked what it did.

- `photos`: a file becomes a grey photo, with limits on what it may cost
- `segmentation`: where the digits are: sheet, plates, light, polarity, ruling and boxes, skew, parts, lines
- `normalization`: a digit's pixels become an image in MNIST's form
- `judging`, `turning`, `touching`: verdicts, which way round the page lies, and where digits that touch are parted
- `troubles`: what makes something hard to read, and what to do about it
- `reading`: all of it in order, and the answers
- `annotation`: answers drawn on the photo
- `sheet`: a page of boxes to fill in by hand, printed and read back
"""

from mnistlab.reader.annotation import annotate
from mnistlab.reader.photos import load_photo
from mnistlab.reader.reading import DigitReader, PhotoReading, Reading, lines_of, text_of

__all__ = ["DigitReader", "PhotoReading", "Reading", "annotate", "lines_of", "load_photo", "text_of"]
