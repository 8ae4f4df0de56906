"""A network as an ONNX file: what it consists of is known before it is run; what it says, and whether to believe it.

- `onnx_files`: what a file may hold and cost, checked before ONNX Runtime sees it
- `classifier`: images in, probabilities out
- `rejection`: whether an answer is a digit, sure or unsure
- `pretrained`: the networks that come with the package
- `anatomy`: a network's layers, weights and receptive fields
- `occlusion`: which parts of an image an answer rests on
"""

from mnistlab.inference.classifier import Classifier
from mnistlab.inference.pretrained import pretrained
from mnistlab.inference.rejection import Judge, Verdict

__all__ = ["Classifier", "Judge", "Verdict", "pretrained"]
