"""What is wrong in a file of case records, told in Chinese: each line as the reader of the file says it."""

import re

PLACES = (
    (re.compile(r"\bline (\d+), cell ([A-Z]+\d+): "), r"第 \1 行 \2 单元格："),
    (re.compile(r"\bline (\d+): "), r"第 \1 行："),
    (re.compile(r"\bcase (\d+): "), r"第 \1 件案件："),
)
TOLD = (
    (r"Field required", "缺少此项"),
    (r"Extra inputs are not permitted", "没有这一项，请检查名称"),
    (r"is no time; write date, time and zone, such as (.+)", r"不是时间；请写明日期、时间和时区，例如 \1"),
    (r"write date, time and zone, such as (.+)", r"请写明日期、时间和时区，例如 \1"),
    (r"needs a zone, such as (.+)", r"缺少时区，例如 \1"),
    (r"is no time of a case: .+", "年份须在 1900 年至 2200 年之间"),
    (r"activity (.+): ends before it starts", r"环节 \1：结束时间早于开始时间"),
    (
        r"activity (.+): lasts (\d+) days, and no step lasts more than (\d+); is a year mistyped\?",
        r"环节 \1：持续 \2 天，而任何环节不超过 \3 天；年份是否写错？",
    ),
    (r"activity (.+): no document (.+) in this case", r"环节 \1：本案没有文书 \2"),
    (r"activity (.+): this id is used twice", r"环节 \1：编号重复使用"),
    (r"is earlier than (.+)", r"早于 \1"),
    (r"is no 统一社会信用代码: .+", "不是有效的统一社会信用代码（18 位，末位为校验码，GB 32100）"),
    (r"(?:id_no: )?is no 公民身份号码: .+", "不是有效的公民身份号码：末位校验不符"),
    (r"the same party is there twice", "同一当事人出现两次"),
    (r"say them there, or one by .+", "当事人请写在此处，或用 party_name 和 party_code 写一个，不能两处都写"),
    (r"name a handler by officer, cert_no or name", "承办人请写明 officer、cert_no 或 name 之一"),
    (r"an id holds no slash and is more than dots", "编号不能含斜杠，也不能只有点号"),
    (r"contains a NUL character", "含有空字符"),
    (r"String should have at least (\d+) characters?", r"至少 \1 个字符"),
    (r"String should have at most (\d+) characters?", r"最多 \1 个字符"),
    (r"Input should be a valid (.+)", r"格式不对，应为 \1"),
    (r"Input should be (.+)", r"应为 \1"),
    (r"there is no case in it", "文件中没有案件"),
    (r"these cases are written twice: (.+)", r"以下案件重复出现：\1"),
    (r"expected a list of cases", "应为案件列表"),
    (r"not valid JSON: (.+)", r"不是有效的 JSON：\1"),
    (r"damaged: byte (\d+) is not UTF-8 while the rest is; save the file anew",
     r"文件损坏：第 \1 字节不是 UTF-8，其余部分是；请重新保存"),
    (r"neither UTF-8 \(byte (\d+)\) nor GB18030 \(byte (\d+)\)",
     r"既不是 UTF-8（第 \1 字节）也不是 GB18030（第 \2 字节）"),
    (r"has not as many cells as the first line", "单元格数与首行不同"),
    (r"unknown column (.+); known: (.+)", r"不认识的列 \1；可用的列：\2"),
    (r"the column 'uid' is missing; known: (.+)", r"缺少 uid 列；可用的列：\1"),
    (r"column (.+) is there twice", r"列 \1 重复"),
    (r"case (.+) has another (.+) than before", r"案件 \1 的 \2 与前面不同"),
    (r"document (.+) is another than in line (\d+)", r"文书 \1 与第 \2 行不同"),
    (r"not as many in each: (.+); leave a place empty with ;;", r"各项数量不同：\1；空缺处请写 ;;"),
    (r"party (.*): say in party_kind whether it is 公民 or 单位",
     r"当事人 \1：请在 party_kind 中写明公民或单位"),
)  # fmt: skip
KNOWN = tuple((re.compile(rf"(?:^|(?<=: )){pattern}$"), words) for pattern, words in TOLD)


def in_chinese(errors: str) -> str:
    """Line by line; what nobody has put into words yet stays as it is."""
    return "\n".join(map(line_in_chinese, errors.splitlines()))


def line_in_chinese(line: str) -> str:
    found = ((pattern.search(line), words) for pattern, words in KNOWN)
    match, words = next(((match, words) for match, words in found if match), (None, ""))
    told = line if match is None else line[: match.start()] + match.expand(words)
    for pattern, place in PLACES:
        told = pattern.sub(place, told)
    return told
