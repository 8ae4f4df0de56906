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

/** @param {Network} network */
const fileOf = (network) => `${network.id.replace("shipped-", "")}.onnx`;

/** @param {Network} network */
function classifierInPython(network) {
  if (network.source === "run") return `Classifier(Path(${JSON.stringify(`${folderOf(network)}/model.onnx`)}))`;
  return network.id === "shipped" ? "pretrained()" : `Classifier(PRETRAINED_PATH.with_name("${fileOf(network)}"))`;
}

/**
 * A program that begins with the image, and with the imports that it needs.
 *
 * @param {Uint8Array} image
 * @param {string[]} lines
 */
async function program(image, lines) {
  const uses = (/** @type {string} */ name) => lines.some((line) => line.includes(name));
  const names = ["PRETRAINED_PATH", "pretrained()"].filter(uses).map((name) => name.replace("()", ""));
  const imports = [
    "import base64",
    "import zlib",
    uses("Path(") && "from pathlib import Path",
    "",
    "import numpy as np",
    "",
    uses("Classifier(") && "from mnistlab.inference import Classifier",
    names.length && `from mnistlab.pretrained import ${names.join(", ")}`,
    uses("Judge(") && "from mnistlab.refusal import Judge",
    "",
  ];
  return [...imports.filter((line) => typeof line === "string"), ...(await imageInPython(image)), ...lines].join("\n");
}

/**
 * An argument for a shell.
 *
 * @param {string} text
 */
function quote(text) {
  const plain = text.startsWith("-") ? `./${text}` : text;
  return /^[\w./-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", "'\\''")}'`;
}

/**
 * @param {Uint8Array} image
 * @param {Network[]} networks
 * @returns {Promise<Code>}
 */
export async function codeForDrawing(image, networks) {
  const lines = networks.map((network) => `print(${classifierInPython(network)}(image).round(3))`);
  return {
    command: "mnistlab read drawing.png   # “Save as PNG” makes the file",
    python: await program(image, ["print(Judge(pretrained()).verdict(image))", ...lines]),
  };
}

/**
 * @param {string} name of the photo's file
 * @returns {Code}
 */
export function codeForPhoto(name) {
  const python = [
    "from mnistlab.reader import DigitReader",
    "",
    `for reading in DigitReader().read(${JSON.stringify(name)}):`,
    "    print(reading, reading.kind, reading.confidence, reading.found.box)",
  ];
  return { command: `mnistlab read ${quote(name)} --annotate boxes.png`, python: python.join("\n") };
}

/**
 * @param {Uint8Array} image
 * @param {Network} network
 * @returns {Promise<Code>}
 */
export async function codeForInside(image, network) {
  const isRun = network.source === "run";
  return {
    command: `mnistlab read drawing.png${isRun ? ` --run ${quote(folderOf(network))}` : ""}`,
    python: await program(image, [
      `for name, values in ${classifierInPython(network)}.activations(image).items():`,
      "    print(name, values.shape, values.min(), values.max())",
    ]),
  };
}
