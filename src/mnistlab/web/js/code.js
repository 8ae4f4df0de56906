/**
 * The command line and the Python for what Draw and Inside show.
 *
 * @typedef {import("./code_panel.js").Code} Code
 * @typedef {import("./networks.js").Network} Network
 */

import { encodeImage } from "./digits.js";

const LINE = 72; // letters, so that the panel need not be scrolled

/**
 * The image as Python, with its bytes in it.
 *
 * @param {Uint8Array} image
 */
async function imageInPython(image) {
  const deflated = new Blob([Uint8Array.from(image)]).stream().pipeThrough(new CompressionStream("deflate"));
  const text = encodeImage(new Uint8Array(await new Response(deflated).arrayBuffer()));
  const lines = (text.match(new RegExp(`.{1,${LINE}}`, "g")) ?? []).map((line) => `    "${line}"`);
  return [
    "content = base64.b64decode(",
    ...lines,
    ")",
    "image = np.frombuffer(zlib.decompress(content), np.uint8).reshape(28, 28)",
  ];
}

/**
 * Where a run is, seen from where `mnistlab serve` was started. Its title is its place in the folder of runs, with the
 * data set behind it where that is not MNIST.
 *
 * @param {Network} network
 */
const folderOf = (network) => `runs/${network.title.split(", ")[0]}`;

/** @param {Network | undefined} network */
function classifierInPython(network) {
  if (network?.source === "run") return `Classifier(Path("${folderOf(network)}/model.onnx"))`;
  if (network && network.id !== "shipped")
    return `Classifier(PRETRAINED_PATH.with_name("${network.id.replace("shipped-", "")}.onnx"))`;
  return "pretrained()";
}

/** @param {Network[]} networks */
function importsInPython(networks) {
  const all = networks.map(classifierInPython).join();
  return [
    "import base64",
    "import zlib",
    all.includes("Path(") && "from pathlib import Path",
    "",
    "import numpy as np",
    "",
    all.includes("Classifier(") && "from mnistlab.inference import Classifier",
    all.includes("PRETRAINED_PATH")
      ? "from mnistlab.pretrained import PRETRAINED_PATH, pretrained"
      : "from mnistlab.pretrained import pretrained",
  ].filter((line) => line !== false);
}

/**
 * @param {Uint8Array} image
 * @param {Network[]} networks
 * @returns {Promise<Code>}
 */
export async function codeForDrawing(image, networks) {
  const python = [
    ...importsInPython(networks),
    "from mnistlab.refusal import Judge",
    "",
    ...(await imageInPython(image)),
    "print(Judge(pretrained()).verdict(image))",
    ...networks.map((network) => `print(${classifierInPython(network)}(image).round(3))  # ${network.title}`),
  ];
  return { command: "mnistlab read drawing.png   # “Save as PNG” makes the file", python: python.join("\n") };
}

/**
 * @param {string} name of the photo's file
 * @returns {Code}
 */
export function codeForPhoto(name) {
  const quoted = /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
  const python = [
    "from mnistlab.reader import DigitReader",
    "",
    `for reading in DigitReader().read(${JSON.stringify(name)}):`,
    "    print(reading, reading.kind, reading.confidence, reading.found.box)",
  ];
  return { command: `mnistlab read ${quoted} --annotate boxes.png`, python: python.join("\n") };
}

/**
 * @param {Uint8Array} image
 * @param {Network} network
 * @returns {Promise<Code>}
 */
export async function codeForInside(image, network) {
  const python = [
    ...importsInPython([network]),
    "",
    ...(await imageInPython(image)),
    `for name, values in ${classifierInPython(network)}.activations(image).items():`,
    "    print(name, values.shape, values.min(), values.max())",
  ];
  const command =
    network.source === "run" ? `mnistlab read drawing.png --run ${folderOf(network)}` : "mnistlab read drawing.png";
  return { command, python: python.join("\n") };
}
