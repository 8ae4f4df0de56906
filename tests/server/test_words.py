"""The catalogue: the same sentences in every language, each of them used, and no sentence anywhere else on the page."""

import dataclasses
import json
import re

import numpy as np
import pytest

from mnistlab.datasets.classes import NUMBERED
from mnistlab.inference import Classifier, Judge, pretrained
from mnistlab.inference.pretrained import PRETRAINED_PATH
from mnistlab.server.http.sentences import WORDS_FOLDER, catalogues, choose, say
from mnistlab.server.http.static import PAGE_FOLDER
from mnistlab.system.sentences import said_by
from page_literals import literals

LANGUAGES = ("en", "de")
KEY = re.compile(r"^[a-z]+\.[a-z0-9_]+$")
PART_OF_KEY = re.compile(r"^[a-z]+\.[a-z0-9_]*$")
BRACES = re.compile(r"\{(\w+)(?::([^}]*))?\}")
FORMS = re.compile(r"^(|or|percent|chance|whole|\.\d|[^|]+(\|[^|]+)+)$")
SOURCES = [*PAGE_FOLDER.rglob("*.js"), *PAGE_FOLDER.parents[1].rglob("*.py")]  # of all rooms
MODULES = sorted(PAGE_FOLDER.rglob("*.js"))
# What looks like a sentence: two words, a capital letter at the beginning, a full stop at the end.
SENTENCE = re.compile(r"[A-Za-z]{2,}[,;:.]? [A-Za-z]|^[A-Z][a-z]+|[a-z]{2,}[.!?…]$")
# Code before a literal that nobody reads: classes, selectors, the console.
UNREAD = re.compile(
    r"(rel|style|type|tag|key): *$|class: (.*[?:] )?$|querySelector(All)?\($|closest\($|matches\($"
    r"|console\.error\($|matchMedia\($"
    r"|key === $|name [!=]== $|kind: $|kind [!=]== $|say(With)?\($|say\(.* [?:] $|headers.*[{(] ?$"
)
CLASSES = re.compile(r"^[a-z -]+-[a-z]*$")
NAMES = {
    *("no digit", "unsure", "digit", "ApiError", "Bearer ", "Last-Event-ID", "Content-Type", "Mac", "Files"),
    "import mnistlab",
}
PROGRAMS = ("code/code.js",)  # the command line and Python, the same in every language


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_sorted_and_flat(language):
    text = (WORDS_FOLDER / f"{language}.json").read_text(encoding="utf-8")
    sentences = json.loads(text)
    assert text == json.dumps(dict(sorted(sentences.items())), ensure_ascii=False, indent=2) + "\n"
    assert [key for key in sentences if not KEY.match(key)] == []
    assert [key for key, sentence in sentences.items() if not isinstance(sentence, str) or not sentence] == []


def test_every_language_has_every_sentence():
    assert tuple(catalogues()) == LANGUAGES
    page = (PAGE_FOLDER / "app" / "words.js").read_text(encoding="utf-8")
    assert f"LANGUAGES = /** @type {{const}} */ ({json.dumps(list(LANGUAGES))});" in page
    first, *others = (set(sentences) for sentences in catalogues().values())
    for other in others:
        assert first ^ other == set()


def test_the_values_agree_in_every_language():
    first, *others = catalogues().values()
    for key, sentence in first.items():
        for other in others:
            names = [{name for name, _ in BRACES.findall(text)} for text in (sentence, other[key])]
            assert names[0] == names[1], f"{key}: {names}"
        for text in (sentence, *(other[key] for other in others)):
            assert "{" not in BRACES.sub("", text) and "}" not in BRACES.sub("", text), key
            assert [form for _, form in BRACES.findall(text) if not FORMS.match(form)] == [], key


def test_every_sentence_is_used_and_none_is_missing():
    texts = [path.read_text(encoding="utf-8") for path in SOURCES]
    page = (PAGE_FOLDER / "index.html").read_text(encoding="utf-8")
    known = set(catalogues()["en"])
    rooms = "|".join(sorted({key.partition(".")[0] for key in known}))
    used = set(re.findall(r'data-say(?:-label)?="([^"]*)"', page)) | {"page.noscript"}
    for text in texts:
        used |= set(re.findall(rf'"((?:{rooms})\.[a-z0-9_]+)"', text))
    beginning = re.compile(rf"""[`"]((?:{rooms})\.[a-z0-9_]*)(?:[$]?{{|(?<=\.)")""")  # of keys that are put together
    beginnings = {one for text in texts for one in beginning.findall(text)}
    named = {key for key in known if any(key.startswith(beginning) for beginning in beginnings)}
    assert {key for key in used - known if not re.search(r"\.(js|json|toml|txt|onnx)$", key)} == set()  # files
    assert known - used - named == set()


def test_the_html_says_what_the_catalogue_says():
    page = (PAGE_FOLDER / "index.html").read_text(encoding="utf-8")
    english = catalogues()["en"]
    said = re.findall(r'data-say="([^"]*)"[^>]*>([^<]*)<', page)
    assert len(said) == page.count("data-say=")
    assert [(key, text) for key, text in said if english[key] != text] == []
    labels = re.findall(r'aria-label="([^"]*)" data-say-label="([^"]*)"', page)
    assert len(labels) == page.count("data-say-label=")
    assert [(key, text) for text, key in labels if english[key] != text] == []
    bare = re.findall(r'<p lang="(\w+)">([^<]*)<', page)
    assert bare == [(language, sentences["page.noscript"]) for language, sentences in catalogues().items()]


def test_the_look_for_sentences_finds_them():
    source = """
    const a = "It is here"; // "A comment."
    say("draw.undo"); /* "Another one." */
    b = `Before ${c ? "Hidden words" : d} after it`;
    e = text.replace(/"no string"/, 'Single words');
    """
    found = [text for _, text in literals(source)]
    assert found == ["It is here", "draw.undo", "Before ", "Hidden words", " after it", "Single words"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PAGE_FOLDER).as_posix())
def test_no_module_has_a_sentence_of_its_own(path):
    name = path.relative_to(PAGE_FOLDER).as_posix()
    if name in PROGRAMS:
        pytest.skip("programs are the same in every language")
    found = [
        text
        for before, text in literals(path.read_text(encoding="utf-8"))
        if SENTENCE.search(text)
        and text not in NAMES
        and not CLASSES.match(text)
        and not PART_OF_KEY.match(text)
        and not UNREAD.search(before)
    ]
    assert found == []


def test_numbers_are_written_as_the_language_writes_them():
    said = [say("network.parameters", {"count": 1234567}, language) for language in LANGUAGES]
    assert said == ["1,234,567 parameters", "1.234.567 Parameter"]
    for share, english, german in [
        (0.99971, "more than 99.9 %", "mehr als 99,9 %"),
        (0.998, "99.8 %", "99,8 %"),
        (1, "more than 99.9 %", "mehr als 99,9 %"),
        (0.0004, "less than 0.1 %", "weniger als 0,1 %"),
    ]:
        values = {"thing": {"key": "thing.8"}, "share": share}
        assert say("answer.digit", values).replace("\xa0", " ") == f"It is an 8 ({english})."
        assert say("answer.digit", values, "de").replace("\xa0", " ") == f"Das ist eine 8 ({german})."


def test_lists_and_plurals():
    things = [{"key": "thing.share", "values": {"thing": {"key": f"thing.{d}"}, "share": 0.3}} for d in (4, 8, 9)]
    assert say("answer.unsure", {"things": things[:1]}).replace("\xa0", " ") == "It may be a 4 (30 %)."
    several = say("answer.unsure", {"things": things}, "de").replace("\xa0", " ")
    assert several == "Das könnte eine 4 (30 %), eine 8 (30 %) oder eine 9 (30 %) sein."
    assert [say("draw.photo_sure", {"count": count}) for count in (1, 2)] == ["1 digit", "2 digits"]


def test_a_sentence_or_value_that_is_missing_is_an_error():
    for key, values in [("answer.nothing_like_it", {}), ("answer.digit", {"thing": "a 3"})]:
        with pytest.raises(KeyError):
            say(key, values)


@pytest.mark.parametrize(
    "accepted, language",
    [
        ("de", "de"),
        ("de-CH, fr;q=0.9", "de"),
        ("fr, en;q=0.4, de;q=0.8", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("de;q=0, en", "en"),
        ("*", "en"),
        ("de;q=x", "en"),
        ("\x00;;;,,q=", "en"),
    ],
)
def test_the_language_that_a_client_prefers(accepted, language):
    assert choose(accepted) == language


def test_english_below_the_server_is_the_catalogues(mnist):
    """Of digits, and of what is made of them: cut off, turned, two in one, faint, empty."""
    some = mnist.test.images[:100]
    cut = np.where(np.arange(28)[:, None] < 14, some, 0).astype(np.uint8)
    images = np.concatenate([some, cut, np.rot90(some, axes=(1, 2)), np.maximum(some, some[::-1]), some // 20])
    images[-1] = 0
    strict = Classifier(PRETRAINED_PATH)
    strict.calibration = dataclasses.replace(strict.calibration, least_likeness=0.995)
    judges = [Judge(pretrained(), classes=NUMBERED), Judge(pretrained()), Judge(strict)]
    reasons = [verdict.reason for judge in judges for verdict in judge.verdicts(images)]
    assert {said_by(reason)["key"] for reason in reasons} == {
        *("answer.digit", "answer.unsure", "answer.unlike", "answer.other", "answer.no_ink", "answer.little_ink")
    }
    assert [say(reason.key, reason.values).replace("\xa0", " ") for reason in reasons] == reasons
