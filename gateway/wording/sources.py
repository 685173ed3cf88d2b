"""What a number rests on, as people read it: the articles that it cites, in their language."""

import re

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
