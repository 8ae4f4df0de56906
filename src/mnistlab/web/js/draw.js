/** Draw: write a digit, see what the network sees and what it answers. */
export const tab = { id: "draw", title: "Draw", mount() {}, show() {}, hide() {} };
