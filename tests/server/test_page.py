"""The page's folders import one way: main, tabs, tools, browser and learning, digits, charts, app, networks."""

import re

from mnistlab.server.http.static import PAGE_FOLDER

TABS = ("draw", "inside", "train", "mistakes", "experiments")
FLOORS = (
    {"main.js"},
    set(TABS),
    {"code", "tools"},
    {"browser", "learning"},
    {"digits", "charts"},
    {"app"},
    {"networks"},
)
IMPORT = re.compile(r'\b(?:from|import)\s*\(?\s*"(\.[^"]*)"\)?(\.Context)?')


def imports():
    """Every module with each one that it imports, or whose types it uses, as paths below the page's folder."""
    for path in sorted(PAGE_FOLDER.rglob("*.js")):
        for target, context in IMPORT.findall(path.read_text(encoding="utf-8")):
            found = (path.parent / target).resolve()
            assert found.is_file(), f"{path.name} imports {target}, which is not there"
            if (found.name, context) != ("main.js", ".Context"):  # the type of what main hands to a tab
                yield path.relative_to(PAGE_FOLDER), found.relative_to(PAGE_FOLDER)


def test_the_folders_run_one_way():
    floors = {name: number for number, names in enumerate(FLOORS) for name in names}
    assert {path.relative_to(PAGE_FOLDER).parts[0] for path in PAGE_FOLDER.rglob("*.js")} == set(floors)
    found = list(imports())
    assert len(found) > 100
    for module, imported in found:
        above, below = module.parts[0], imported.parts[0]
        assert above == below or floors[above] < floors[below], f"{module} imports {imported}"


def test_every_tab_is_a_folder_with_a_module_of_its_name():
    """`main.js` imports them by the names in `index.html`."""
    page = (PAGE_FOLDER / "index.html").read_text(encoding="utf-8")
    assert tuple(re.findall(r'data-tab="(\w+)"', page)) == TABS
    assert "import(`./${id}/${id}.js`)" in (PAGE_FOLDER / "main.js").read_text(encoding="utf-8")
    for tab in TABS:
        assert "export const tab" in (PAGE_FOLDER / tab / f"{tab}.js").read_text(encoding="utf-8")
