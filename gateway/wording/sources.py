"""What a number rests on, as people read it: the articles that it cites, in their language."""

import re
from collections.abc import Mapping

CITED = re.compile(r"\b(?:R|AL|LK)-\d+|\bS\d+(?: art \d+)?|GA/T [\d.]*\d")
SAID = {
    "the units entered as its sections": "登记为其科室的单位",
    "no class of this unit is on record for that day (regulations 3.1)": "该单位当日没有登记类别",
    "no value of the rule pack": "规则包没有这项数值",
}
NONE = re.compile(r"(\S+) has no class ([A-C])")


def based(source: str, language: str = "zh") -> str:
    """The articles that a source cites; its own words, English, stand in the API and in `rules explain`."""
    if not language.startswith("zh"):
        return source
    if source in SAID:
        return SAID[source]
    if found := NONE.fullmatch(source):
        return f"规则包 {found[1]} 没有 {found[2]} 类的比例"
    articles = (re.sub(r" art (\d+)", r" 第\1条", one) for one in CITED.findall(source))
    ours = ["本系统自定"] if source.startswith("ours") else []
    return "、".join([*ours, *dict.fromkeys(articles)]) or source


TOKEN = re.compile(
    r"\b(?P<rule>(?:R|AL|LK)-\d+)|(?P<standard>GA/T [\d.]*\d)"
    r"|(?P<law>[\u4e00-\u9fff]+) arts? (?P<of_law>\d+(?:-\d+)?)"
    r"|\b(?P<source>S\d+)(?: arts? (?P<of_source>\d+(?:-\d+)?))?"
    r"(?: (?P<words>[\u4e00-\u9fff][\u4e00-\u9fff（）、 ]*))?"
)
NAME = re.compile(r"(?:(?:G[ABM]|DA)(?:/T)? [\d.-]+)?[^A-Za-z(;,:'\"]*")
"""What is Chinese of a title: it comes first, what we remark on it in English follows."""


def cited(source: str, titles: Mapping[str, str]) -> str:
    """What a source cites, in Chinese alone: requirements, articles of laws, the texts by their names."""
    return "；".join(dict.fromkeys(telling(found, titles, source) for found in TOKEN.finditer(source)))


def telling(found: re.Match[str], titles: Mapping[str, str], whole: str) -> str:
    if law := found["law"]:
        return f"{law}第{found['of_law']}条"
    if number := found["source"]:
        name = named(titles.get(number, ""))
        article = f"第{found['of_source']}条" if found["of_source"] else ""
        is_said = not name or f"{name} art" in whole
        return f"{number}{'' if is_said else f'（{name}）'}{article}{(found['words'] or '').strip()}"
    return found[0]


def named(title: str) -> str:
    found = NAME.match(title)
    return found[0].strip() if found else ""
