"""The rule that finds relations in tagged words: whoever a title stands beside, holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from gradbook.corpora.people_daily import TaggedWord
from gradbook.corpora.relations import Fact, Mention

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
    starts = list(accumulate((len(word) for word, _ in words), initial=0))

    def characters(mention: Mention) -> Mention:
        return starts[mention[0]], starts[mention[1] + 1] - 1

    found = (fact for person in _persons(words) for fact in _of_person(words, person))
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
