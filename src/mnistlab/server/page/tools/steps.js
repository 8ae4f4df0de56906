/**
 * What the guided tour shows: eight views of the page, each with something to see and something to do.
 *
 * @typedef {{name: string, view: Record<string, string | null>, at: string, see?: readonly string[],
 *   needsDigit?: boolean, needsMenu?: boolean}} Step
 *   name: of its sentences in the catalogue; view: what the address says besides; at: what is outlined; see: what should
 *   be in sight, the best first and then what is left of it on smaller screens, else what is outlined; needsDigit:
 *   whether there is nothing to see without one; needsMenu: whether it is about one of the tools behind the menu
 */

/** A 4 as somebody drew it, for those who have drawn nothing. */
export const EXAMPLE = {
  digit: null,
  strokes:
    "EAAPeTr_dkj_dFb_cWT_bnT_bIL_aZD_cZX_f5X_jZX_m5X_q5T_upT_yJSOEAALr1z_rmr_rXn_rYj_rJb_rKT_q7L_rL__q87_qt1z",
};

/** @type {readonly Step[]} */
export const STEPS = [
  { name: "draw", view: { tab: "draw" }, at: ".paper", see: [".paper, .verdict", ".paper"] },
  {
    name: "fool",
    view: { tab: "draw" },
    at: ".networks",
    see: [".paper, .networks", ".paper, .verdict", ".paper"],
    needsDigit: true,
  },
  {
    name: "filters",
    view: { tab: "inside", network: "shipped-cnn" },
    at: ".way",
    see: [".way .way-path, .way .open-layer", ".way .way-path"],
    needsDigit: true,
  },
  { name: "where", view: { tab: "inside", network: "shipped-cnn" }, at: ".occlusion", needsDigit: true },
  {
    name: "mistakes",
    view: { tab: "mistakes", network: "shipped-mlp", label: null, prediction: null, image: null },
    at: ".matrix",
  },
  {
    name: "train",
    view: { tab: "train", recipe: "mlp" },
    at: ".training-form",
    see: [".training-form", ".training-form [type=submit]"],
  },
  {
    name: "ask",
    view: { tab: "experiments", experiment: "batch-size" },
    at: ".finding",
    see: [".experiment-list, .finding-charts > :first-child", ".experiment-list, .finding-first", ".experiment-list"],
  },
  {
    name: "share",
    view: { tab: "draw" },
    at: "#share-opener",
    see: ["#share-opener, .paper, .networks", "#share-opener, .paper", "#share-opener"],
    needsMenu: true,
  },
];
