"""The sentences that the chapter's pictures show: made up for it, in the style of People's Daily in 1998."""

from __future__ import annotations

from dataclasses import dataclass

from gradbook.corpora import Fact, RelationText, Triple


@dataclass(frozen=True)
class Example:
    """A sentence with its triples, what it says in English, and a few words to name it by."""

    title: str
    relations: RelationText
    english: str

    @property
    def text(self) -> str:
        """The sentence itself."""
        return self.relations.text


def _example(title: str, text: str, english: str, *triples: str) -> Example:
    """``triples``: "王芳 职务 校长", each mention where it first stands."""
    found = frozenset(Triple(*triple.split()) for triple in triples)
    places = {name: (text.index(name), text.index(name) + len(name) - 1) for t in found for name in (t[0], t[2])}
    facts = frozenset(Fact(places[t.subject], t.predicate, places[t.object]) for t in found)
    return Example(title, RelationText(text, found, facts), english)


EXAMPLES = (
    _example(
        "Two people",
        "上海市市长陈文华会见法国总理杜邦。",
        "Chen Wenhua, mayor of Shanghai, meets Dupont, prime minister of France.",
        *("陈文华 职务 市长", "陈文华 属地 上海市", "杜邦 职务 总理", "杜邦 属地 法国"),
    ),
    _example(
        "A university",
        "清华大学教授李国强昨天到了南京。",
        "Li Guoqiang, professor at Tsinghua University, arrived in Nanjing yesterday.",
        *("李国强 职务 教授", "李国强 任职于 清华大学"),
    ),
    _example(
        "Two posts of one person",
        "越南副总理兼外交部长阮文山今天访问泰国。",
        "Nguyen Van Son, deputy prime minister and foreign minister of Vietnam, visits Thailand today.",
        *("阮文山 职务 副总理", "阮文山 职务 外交部长", "阮文山 属地 越南"),
    ),
    _example(
        "Two posts, nobody in them",
        "记者张华从莫斯科报道，总统昨天会见了市长。",
        "Reporter Zhang Hua from Moscow: the president met the mayor yesterday.",
    ),
    _example(
        "One too many",
        "江苏省副省长赵国栋和南京大学校长钱志远参加了会议。",
        "Zhao Guodong, deputy governor of Jiangsu, and Qian Zhiyuan, president of Nanjing University, attended the "
        "meeting.",
        *("赵国栋 职务 副省长", "赵国栋 属地 江苏省", "钱志远 职务 校长", "钱志远 任职于 南京大学"),
    ),
    _example(
        "Mistakes",
        "日本首相山本一郎会见新加坡外长陈立新。",
        "Ichiro Yamamoto, prime minister of Japan, meets Chen Lixin, foreign minister of Singapore.",
        *("山本一郎 职务 首相", "山本一郎 属地 日本", "陈立新 职务 外长", "陈立新 属地 新加坡"),
    ),
)
"""Six sentences of 15 to 25 characters; the trained Efficient GlobalPointer is right in the first four.

In "One too many" it says that Qian Zhiyuan belongs to 南京 (Nanjing), the place at the front of his university's name,
which the triples here leave out: the silver rule that it learned from says so too where the place is a word of its own.
And it misses that the deputy governor belongs to 江苏省 (Jiangsu). In "Mistakes" it cuts 山本一郎 (Yamamoto Ichiro) to
山本, and has the minister of Singapore belong to 日本 (Japan) as well.
"""
