/** Inside: what happens between a drawing and its answer. */
export const tab = { id: "inside", title: "Inside", mount() {}, show() {}, hide() {} };
