"""The sentences that the chapter's pictures show: made up for it, with names as the MSRA corpus marks them."""

from __future__ import annotations

from dataclasses import dataclass

from gradbook.corpora import Entity, Sentence


@dataclass(frozen=True)
class Example:
    """A sentence with its entities, what it says in English, and a few words to name it by."""

    title: str
    sentence: Sentence
    english: str

    @property
    def text(self) -> str:
        """The sentence itself."""
        return self.sentence.text


def _example(title: str, text: str, english: str, *names: str) -> Example:
    """``names``: "LOC 北京", each the first place where it stands, or "LOC 北京 14" from character 14 on."""
    found = set()
    for name in names:
        label, surface, *after = name.split()
        start = text.index(surface, int(after[0]) if after else 0)
        found.add(Entity(start, start + len(surface) - 1, label))
    return Example(title, Sentence(text, frozenset(found)), english)


EXAMPLES = (
    _example(
        "A place in a university",
        "北京大学校长陈国华昨天抵达上海。",
        "Chen Guohua, president of Peking University, arrived in Shanghai yesterday.",
        *("LOC 北京", "ORG 北京大学", "PER 陈国华", "LOC 上海"),
    ),
    _example(
        "Two nested names",
        "俄罗斯科学院院长伊万诺夫访问上海交通大学。",
        "Ivanov, president of the Russian Academy of Sciences, visits Shanghai Jiao Tong University.",
        *("LOC 俄罗斯", "ORG 俄罗斯科学院", "PER 伊万诺夫", "LOC 上海", "ORG 上海交通大学"),
    ),
    _example(
        "Three levels",
        "浙江大学附属医院医生李国强在杭州工作。",
        "Li Guoqiang, doctor at the affiliated hospital of Zhejiang University, works in Hangzhou.",
        *("LOC 浙江", "ORG 浙江大学附属医院", "PER 李国强", "LOC 杭州"),
    ),
    _example(
        "One word, three kinds",
        "华盛顿大学教授华盛顿先生到了华盛顿。",
        "Mr Washington, professor at the University of Washington, arrived in Washington.",
        *("LOC 华盛顿", "ORG 华盛顿大学", "PER 华盛顿 5", "LOC 华盛顿 12"),
    ),
    _example(
        "Neighbours of one type",
        "李文、王丽和张强昨天从天津到了南京。",
        "Li Wen, Wang Li and Zhang Qiang went from Tianjin to Nanjing yesterday.",
        *("PER 李文", "PER 王丽", "PER 张强", "LOC 天津", "LOC 南京"),
    ),
    _example(
        "One mistake",
        "新华社记者张华从莫斯科报道。",
        "Xinhua's reporter Zhang Hua reports from Moscow.",
        *("ORG 新华社", "PER 张华", "LOC 莫斯科"),
    ),
)
"""Six sentences of 14 to 21 characters; the trained Efficient GlobalPointer is right in four of them.

In "Three levels" it also finds 浙江大学 (Zhejiang University) inside the hospital's name: true, but the corpus's rule
marks places at the head of organisations only. In "One mistake" it takes 莫斯科 (Moscow) for a person.
"""
