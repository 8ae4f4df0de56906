/**
 * The command line and the Python for what is on screen.
 *
 * Whoever copies them runs them, and what is on screen may come from a stranger's link: names stand there only as
 * quoted by `quoteForShell` and `quoteForPython`, all else as numbers that were read as such.
 *
 * @typedef {import("./code_panel.js").Code} Code
 * @typedef {import("../app/networks.js").Network} Network
 */

import { encodeImage } from "../digits/digits.js";

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
 * An argument for a shell, whatever is in it.
 *
 * @param {string} text
 */
export function quoteForShell(text) {
  const plain = text.startsWith("-") ? `./${text}` : text;
  return /^[\w./-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", "'\\''")}'`;
}

/**
 * A string of Python, whatever is in it; JSON's escapes are Python's too, but for letters that are not to be seen.
 *
 * @param {string} text
 */
export function quoteForPython(text) {
  return JSON.stringify(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (letter) => {
    return `\\U${(letter.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`;
  });
}

/** @param {Network} network that ships */
const fileOf = (network) => (network.id === "shipped" ? "digits.onnx" : `${network.id.replace("shipped-", "")}.onnx`);

/**
 * The file of a network as Python.
 *
 * @param {Network} network
 */
function pathInPython(network) {
  if (network.folder) return `Path(${quoteForPython(`${network.folder}/model.onnx`)})`;
  return network.id === "shipped" ? "PRETRAINED_PATH" : `PRETRAINED_PATH.with_name(${quoteForPython(fileOf(network))})`;
}

/** @param {Network} network */
const classifierInPython = (network) =>
  network.id === "shipped" ? "pretrained()" : `Classifier(${pathInPython(network)})`;

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
    names.length && `from mnistlab.inference.pretrained import ${names.join(", ")}`,
    uses("Judge(") && "from mnistlab.inference.rejection import Judge",
    "",
  ];
  return [...imports.filter((line) => typeof line === "string"), ...(await imageInPython(image)), ...lines].join("\n");
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
    `for reading in DigitReader().read(${quoteForPython(name)}):`,
    "    print(reading, reading.kind, reading.confidence, reading.found.box)",
  ];
  return { command: `mnistlab read ${quoteForShell(name)} --annotate boxes.png`, python: python.join("\n") };
}

/**
 * @param {Uint8Array} image
 * @param {Network} network
 * @returns {Promise<Code>}
 */
export async function codeForInside(image, network) {
  return {
    command: `mnistlab read drawing.png${network.folder ? ` --run ${quoteForShell(network.folder)}` : ""}`,
    python: await program(image, [
      `for name, values in ${classifierInPython(network)}.activations(image).items():`,
      "    print(name, values.shape, values.min(), values.max())",
    ]),
  };
}

/**
 * @param {Network} network
 * @param {[number, number] | null} cell of the matrix: label and prediction
 * @param {number | null} image index in the test split
 * @returns {Code}
 */
export function codeForMistakes(network, cell, image) {
  const { folder } = network;
  const python = [
    ...(folder ? ["from pathlib import Path", ""] : []),
    ...(cell ? ["import numpy as np", ""] : []),
    "from mnistlab.datasets import load_mnist",
    "from mnistlab.evaluation import evaluate",
    "from mnistlab.inference import Classifier",
    ...(folder ? [] : ["from mnistlab.inference.pretrained import PRETRAINED_PATH"]),
    "",
    "test = load_mnist().test",
    `result = evaluate(Classifier(${pathInPython(network)}), test)`,
    "print(result)",
    "print(result.format_confusion())",
    cell
      ? `print(np.flatnonzero((result.labels == ${cell[0]}) & (result.predictions == ${cell[1]})))`
      : "print(result.wrong)  # the surest mistakes first",
    ...(image === null ? [] : [`print(test.labels[${image}], result.probabilities[${image}].round(3))`]),
  ];
  const find = `from mnistlab.inference.pretrained import PRETRAINED_PATH as p; print(p.with_name("${fileOf(network)}"))`;
  const path = folder ? quoteForShell(folder) : `"$(python -c ${quoteForShell(find)})"`;
  return { command: `mnistlab evaluate ${path}`, python: python.join("\n") };
}

/**
 * @param {{experiment: string, folder: string | null, command: string | null} | null} shown
 * @returns {Code}
 */
export function codeForExperiment(shown) {
  const experiment = shown?.experiment ?? "batch-size";
  const folder = shown?.folder ?? `experiments/${experiment}`;
  const python = [
    "import json",
    "from pathlib import Path",
    "",
    `results = json.loads(Path(${quoteForPython(`${folder}/results.json`)}).read_text(encoding="utf-8"))  # when the command has run`,
    'print(*results["answer"], sep="\\n")',
    'for group in results["groups"]:',
    '    print({key: value for key, value in group.items() if not isinstance(value, dict)}, group["accuracy"])',
  ];
  const command = shown?.command ?? `mnistlab experiment ${quoteForShell(experiment)}`;
  return { command: `${command} --out ${quoteForShell(folder)}`, python: python.join("\n") };
}
