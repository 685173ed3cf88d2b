"""What is refused about the lines of papers, about lists of evidence and about packages."""

SENTENCES: dict[str, tuple[str, str]] = {
    "note.not_linked": (
        "资料 {clip} 没有关联到案件 {case}，不能为其添加时间标记",
        "clip {clip} is not linked to case {case}; a note needs both",
    ),
    "note.of_nothing": (
        "请指明时间标记所在的文书或者执法环节",
        "say in which paper or step the line stands",
    ),
    "note.of_another_case": (
        "{ref} 不是案件 {case} 的文书或者执法环节",
        "{ref} is no paper or step of case {case}",
    ),
    "note.beyond": (
        "该时间超出资料长度（{seconds} 秒）",
        "the clip is only {seconds} s long",
    ),
    "note.superseded": (
        "该时间标记已被更正，请对取代它的那一条操作",
        "this note was corrected already; go by the one that took its place",
    ),
    "evidence.no_unit": (
        "案件没有办案单位，不能生成证据清单文件",
        "the case has no unit, so no file of its evidence is put on record",
    ),
    "evidence.too_long": (
        "清单有 {rows} 行，PDF 最多 {most} 行；请导出 XLSX",
        "the list has {rows} lines, a PDF takes {most}; take XLSX",
    ),
    "evidence.proposed": (
        "注明“关联待确认”的，由系统提出，尚无人确认。",
        "Where a link is proposed, nobody has confirmed it yet.",
    ),
    "evidence.rejected": (
        "另有 {clips} 份资料按规则不予采信，未列入。",
        "{clips} more clips are rejected by the rules and not listed.",
    ),
    "package.about_originals": (
        "案件《{case}》音像资料导出包。内容：原件 {clips} 份，没有水印。"
        "导出人：{actor}；时间：{at}；用途：{purpose}；编号：{package}。"
        "核验：sha256sum -c digests.sha256（包内除它以外的全部文件）；"
        "各文件的结果见“结果.json”，保管链见“保管链”文件夹。"
        "原件仅供办案、诉讼等法定用途，不得擅自复制、传播。",
        "Footage of the case {case}. {clips} originals, without a watermark."
        " Exported by {actor} at {at} for: {purpose}. Number {package}. Check:"
        " sha256sum -c digests.sha256 (every other file of it); how each file went stands in 结果.json, its"
        " chain of custody in 保管链. For lawful use only.",
    ),
    "package.about_proxies": (
        "案件《{case}》音像资料导出包。内容：浏览副本 {clips} 份，由原件转码而成，不能代替原件，没有水印。"
        "导出人：{actor}；时间：{at}；用途：{purpose}；编号：{package}。"
        "核验：sha256sum -c digests.sha256（包内除它以外的全部文件，音像资料为副本的摘要）；"
        "原件的摘要见证据清单和“结果.json”。"
        "仅供办案、诉讼等法定用途，不得擅自复制、传播。",
        "Footage of the case {case}. {clips} proxies, made from the originals and no substitute for them,"
        " without a watermark. Exported by {actor} at {at} for: {purpose}. Number {package}. Check:"
        " sha256sum -c digests.sha256 (every other file of it; of footage the proxies' digests); the"
        " originals' stand in the evidence list and in 结果.json. For lawful use only.",
    ),
    "package.all_whole": (
        "每份在导出时读出并核对，均与登记的摘要一致。",
        "Each was read and compared on its way out: all have the digest on record.",
    ),
    "package.not_whole": (
        "注意：其中 {clips} 份（序号 {numbers}）与登记的摘要不符或者无法读取，见“结果.json”，请立即核查。",
        "Beware: {clips} of them (number {numbers}) differ from the digest on record or could not be read,"
        " see 结果.json; look into it at once.",
    ),
    "package.empty": (
        "本案没有可以导出的资料",
        "nothing of this case can be exported",
    ),
    "package.too_many": (
        "本案有 {clips} 份资料，一次最多导出 {most} 份；请按执法环节分别导出",
        "the case has {clips} clips, one package holds {most} at most; export step by step",
    ),
    "package.secret": (
        "涉及国家秘密，未导出",
        "a state secret: not exported",
    ),
    "package.left_secret": (
        "另有 {clips} 份涉及国家秘密，未导出；清单中仅列序号。",
        "State secrets, not exported and by their number alone in the list: {clips}.",
    ),
    "package.left_others": (
        "另有 {clips} 份未导出，原因见“结果.json”。",
        "Not exported for other reasons, told in 结果.json: {clips}.",
    ),
    "package.gone": (
        "原件不在库中（已销毁或者尚未入库），未导出",
        "its original is not in the store (destroyed, or not here yet): not exported",
    ),
    "package.no_proxy": (
        "没有浏览副本，未导出",
        "no proxy was made of it: not exported",
    ),
    "package.differs": (
        "读出的内容与入库时的摘要不符，请立即核查",
        "what was read does not have the digest on record: look into it at once",
    ),
    "package.unreadable": (
        "文件不在存储中或者无法读取",
        "the file is not in the store, or cannot be read",
    ),
    "package.whole": (
        "已导出，读出内容与登记的摘要一致",
        "exported; what was read has the digest on record",
    ),
}
