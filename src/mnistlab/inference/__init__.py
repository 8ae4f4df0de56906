"""Networks as ONNX files: what they consist of is checked before they run, and whether to trust their answers after.

- `onnx_files`: checks of what a file holds and costs, before ONNX Runtime sees it
- `classifier`: images in, probabilities out
- `rejection`: verdicts: a digit, an unsure one, or none
- `pretrained`: the networks that come with the package
- `anatomy`: a network's layers, weights and receptive fields
- `occlusion`: the parts of an image that an answer depends on
- `arithmetic`: how each layer's numbers come from those of the layer before
- `surgery`: networks that are broken on purpose
- `steps`: a network as a list of steps that a few lines of code can compute
- `web`: these steps and their numbers as one file for the browser
"""

from mnistlab.inference.classifier import Classifier
from mnistlab.inference.pretrained import pretrained
from mnistlab.inference.rejection import Judge, Verdict

__all__ = ["Classifier", "Judge", "Verdict", "pretrained"]
