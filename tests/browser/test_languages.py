"""The page in another language: chosen by the address or the browser, with no English sentence on any tab."""

import json
import re

from playwright.sync_api import expect

from mnistlab.server.http.sentences import catalogues, say

from .conftest import THREE

ENGLISH, GERMAN = catalogues()["en"], catalogues()["de"]
TABS = {
    "draw": "tab=draw",
    "a digit": "tab=draw&digit=test-115",
    "inside": "tab=inside&network=shipped-cnn&digit=test-115",
    "inside without a digit": "tab=inside",
    "train": "tab=train&recipe=cnn&epochs=7",
    "mistakes": "tab=mistakes&network=shipped-mlp&label=4&prediction=9&image=115",
    "contested": "tab=mistakes&network=shipped-mlp&label=contested",
    "experiments": "tab=experiments",
    "augmentation": "tab=experiments&experiment=augmentation",
}
# Every text that somebody sees or hears, but for code.
TEXTS = """
() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (parent.closest("pre, script, noscript, [lang=en], dialog:not([open])")) continue;
    if (parent.checkVisibility({ visibilityProperty: true }) || parent.closest("details, [role=status]"))
      found.push(walker.currentNode.data);
  }
  for (const name of ["aria-label", "aria-roledescription", "title", "alt", "placeholder"]) {
    for (const node of document.querySelectorAll(`[${name}]`)) found.push(node.getAttribute(name));
  }
  return [document.title, ...found].map((text) => text.replaceAll("\\u00a0", " ").trim()).filter(Boolean);
}
"""
# Words that no German text has, and what is the same in both: quotations, commands, addresses, values of a sentence.
WORDS = re.compile(
    r"\b(the|and|are|were|with|without|from|this|that|these|which|what|when|where|who|your|you|have|has|been|not|no|be"
    r"|can|only|one|two|three|images?|digits?|networks?|layers?|runs|is|it|its|for|more|less|than|each|every|other|show"
    r"|hide|draw|reads|click|move|first|second|of|to|by|at|there|here|must|or|row|light)\b",
    re.IGNORECASE,
)
FOREIGN = re.compile(r"„[^“]*“|\{[^}]*\}|/api/\w+|image/\w+|mnistlab serve|pip install .*|Content-Type")


def english_in(texts):
    """The texts that have an English word in them, which no German sentence has."""
    return sorted({text for text in texts if WORDS.search(FOREIGN.sub(" ", text))})


def test_the_look_for_english_finds_it():
    assert english_in(["Zeichne hier eine Ziffer", "What the networks see", "Was die Netze sehen", "3"]) == [
        "What the networks see"
    ]
    # Of the catalogue's English nearly every sentence is found, and of its German none.
    assert english_in(GERMAN.values()) == []
    sentences = [text for text in ENGLISH.values() if len(text.split()) > 4]
    assert len(english_in(sentences)) > 0.97 * len(sentences)


def test_no_tab_has_an_english_sentence_in_german(watched):
    faults = {}
    for name, fragment in TABS.items():
        page = watched.open(f"{fragment}&lang=de")
        panel = f"#panel-{fragment[4:].partition('&')[0]}"
        watched.until(f"!document.querySelector('{panel} .waiting:not([hidden])')")
        watched.quiet()
        expect(page.locator("html")).to_have_attribute("lang", "de")
        expect(page.locator(panel)).to_be_visible()
        texts = page.evaluate(TEXTS)
        assert GERMAN["page.tab_draw"] in texts and len(texts) > 20, name
        if english := english_in(texts):
            faults[name] = english
    assert faults == {}


def test_an_answer_and_what_goes_wrong_are_german(watched):
    page = watched.open(f"tab=draw&lang=de&{THREE}")
    expect(page.locator(".verdict .reason")).to_have_text(
        re.compile(r"^Das ist eine 3 \((\d\d,\d|mehr als 99,9)\s%\)\.$")
    )
    assert english_in(page.evaluate(TEXTS)) == []
    page.goto(f"{watched.address}/#tab=draw&networks=run-of-nobody&lang=de")
    expect(page.locator("#panel-draw .missing")).to_contain_text("run-of-nobody ist nicht da")


def test_the_browser_chooses_and_the_switch_keeps_what_is_on_screen(open_watched):
    watched = open_watched(locale="de-AT")
    page = watched.open("tab=mistakes&network=shipped-mlp&label=4&prediction=9")
    expect(page.get_by_role("tab", name="Fehler")).to_have_attribute("aria-selected", "true")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("tab", name="Mistakes")).to_have_attribute("aria-selected", "true")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page).to_have_url(re.compile("label=4&prediction=9.*lang=en"))
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("tab", name="Fehler")).to_have_attribute("aria-selected", "true")


def test_a_language_that_nobody_wrote_is_english(open_watched):
    page = open_watched(locale="fr-FR").open("tab=draw")
    expect(page.get_by_role("tab", name="Draw")).to_be_visible()


def test_both_sides_fill_a_sentence_alike(watched):
    """The page and the server read one catalogue; what they make of it is the same."""
    page = watched.open("tab=draw&lang=de")
    things = [{"key": "thing.share", "values": {"thing": {"key": f"thing.{d}"}, "share": 0.3}} for d in (4, 8, 9)]
    cases = [
        ("answer.digit", {"thing": {"key": "thing.8"}, "share": share}) for share in (1, 0.9999, 0.998, 0.0001, 0)
    ] + [
        ("answer.unsure", {"things": things}),
        ("answer.unsure", {"things": things[:1]}),
        ("draw.photo_others", {"count": 1}),
        ("draw.photo_others", {"count": 1234}),
        ("draw.seen_thickness", {"now": 2.26, "before": 1}),
        ("train.with_rate", {"rate": 0.000001}),
        ("network.parameters", {"count": 1234567}),
    ]
    page.evaluate("async () => (watched.say = (await import('/web/app/words.js')).say) && null")
    said = page.evaluate(
        "(cases) => cases.map((one) => watched.say(...one))",
        json.loads(json.dumps(cases)),
    )
    plain = [text.replace("\xa0", " ") for text in said]
    assert plain == [say(key, values, "de").replace("\xa0", " ") for key, values in cases]
