"""A page on screens of many widths, and what is wrong on them: controls under something else, what is cut off."""

CONTROLS = "button, a[href], input, select, textarea, summary, [tabindex='0'], canvas.pad"
# What a finger on the middle of a control would meet instead of it. Test drivers that click do not notice.
COVERED = f"""
() => [...document.querySelectorAll("{CONTROLS}")].flatMap((control) => {{
  if (!control.checkVisibility({{ visibilityProperty: true }})) return [];
  control.scrollIntoView({{ block: "center", inline: "nearest", behavior: "instant" }});
  const box = control.getBoundingClientRect();
  if (box.width < 2 || box.height < 2) return [];
  const met = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  if (met && (control.contains(met) || (met.matches("label") && met.contains(control)))) return [];
  return [`${{control.outerHTML.slice(0, 60)}} lies under ${{met?.outerHTML.slice(0, 60)}}`];
}})
"""
# What reaches beyond the right edge of the screen, and numbers that do not fit into their control.
CUT = """
() => {
  const own = (node) => node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0;
  const scrolls = (node) => node.parentElement?.closest(".softmax-place, .chart-table, pre");
  const beyond = [...document.querySelectorAll("body *")].filter((node) => node.checkVisibility() &&
    !node.closest(".visually-hidden") && !scrolls(node) && node.getBoundingClientRect().right > innerWidth + 1);
  const within = [...document.querySelectorAll(".matrix button, input[type=number], .tabs, .tabs button")].filter(own);
  return [...beyond, ...within].map((node) => node.outerHTML.slice(0, 100)).slice(0, 5);
}
"""


class Screen:
    """A page whose width and text size can be changed."""

    def __init__(self, watched, fragment):
        self.page = watched.open(fragment)
        self.watched = watched
        self._session = self.page.context.new_cdp_session(self.page)

    def set(self, width, size, height=None):
        self._session.send("Page.setFontSizes", {"fontSizes": {"standard": round(16 * size / 100), "fixed": 13}})
        self.page.set_viewport_size({"width": width, "height": height or (740 if width < 700 else 900)})
        self.watched.quiet()  # charts draw themselves anew

    def faults(self, width, size):
        self.set(width, size)
        found = self.page.evaluate(COVERED) + self.page.evaluate(CUT)
        return [(width, size, fault) for fault in found]
