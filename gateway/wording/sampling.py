"""Samples of cases, recording sheets and the files that reports are written to."""

SENTENCES: dict[str, tuple[str, str]] = {
    "sample.period": (
        "“{period}”不是抽查期间；半年写作 2026-H1，季度写作 2026-Q3",
        "{period} is no period; write a half-year as 2026-H1, a quarter as 2026-Q3",
    ),
    "sample.not_begun": ("{period} 尚未开始", "{period} has not begun"),
    "sample.runs": (
        "该期间到 {until} 才结束，此前不能抽查其中办结的案卷",
        "the period ends at {until}; files closed in it cannot be drawn before",
    ),
    "sample.no_case": ("{period} 没有可抽查的案件", "there is no case to draw from in {period}"),
    "sample.again": (
        "{period} 已抽取 {drawn} 次；再次抽取须写明理由，以前的抽查仍然保留",
        "{period} was drawn {drawn} times already; say why it is drawn again, what was drawn stays on record",
    ),
    "sample.not_drawn": ("案件 {case} 不在本次抽查之内", "case {case} is not in this sample"),
    "sample.unknown_remark": ("没有检查意见 {remark}", "there is no remark {remark}"),
    "sample.answered": (
        "该意见已有后续记录，不能再更正",
        "something follows this remark already; it cannot be corrected any more",
    ),
    "sample.says_nothing": ("请写明问题或者整改情况", "say what is wrong, or what was done about it"),
    "sample.answers_what": (
        "跟踪和销号必须指明所针对的问题，其他意见不得指明",
        "what follows or settles a fault names it; nothing else does",
    ),
    "sample.due_without_fault": (
        "只有存在问题时才有整改期限",
        "only a fault has a day by which to be mended",
    ),
    "sample.no_due": ("存在问题的，须写明整改期限", "a fault needs a day by which it has to be mended"),
    "sample.due_is_past": ("整改期限 {due} 已过", "{due} is past: nothing can be mended by then"),
    "sample.due_too_far": (
        "整改期限 {due} 距今超过一年，请核对年份",
        "{due} is more than a year ahead: look at the year again",
    ),
    "sample.no_date": ("整改期限不是有效的日期", "the day by which it has to be mended is no date"),
    "sample.too_long": ("文字超过 {most} 字，请缩短", "the text has more than {most} characters; shorten it"),
    "sample.fault_twice": (
        "该问题已由 {by} 于 {at} 记录，整改期限 {due}，尚未整改",
        "{by} wrote this fault down at {at}, to be mended by {due}; it is still open",
    ),
    "sample.said_already": (
        "您已于 {at} 作过同样的记录，无需重复",
        "you wrote down the same at {at}; once is enough",
    ),
    "sample.no_open_fault": (
        "所针对的问题不在本案尚未整改的问题之中，可能已经销号",
        "what is answered is none of this case's open faults; it may be settled already",
    ),
    "sample.fault_stands": (
        "本案已记录问题，不能同时评为合格",
        "a fault of this case is on record; it is not sound at the same time",
    ),
    "sample.frame_differs": ("候选清单与其摘要不符", "the frame does not have the digest that is on record"),
    "sample.seal_differs": (
        "种子不是封存候选清单的那条保管记录的摘要",
        "the seed is not the digest of the line of custody that sealed the frame",
    ),
    "sample.cases_differ": (
        "有 {differ} 件与重新计算的抽样结果不符",
        "{differ} cases differ from what is drawn when it is worked out again",
    ),
    "sample.right": ("与重新计算的结果一致", "the same as when it is worked out again"),
    "sample.no_steps": ("案卷中没有录入执法环节", "no step of enforcement is on record for this case"),
    "sample.failing_steps": (
        "{of} 个环节中有 {steps} 个未完全符合要求",
        "of {of} steps {steps} do not keep every rule",
    ),
    "sample.hidden_clips": (
        "另有 {clips} 份关联资料属于其他单位，此处不列出",
        "{clips} more linked clips belong to other units and are not shown",
    ),
    "sample.strange_forms": (
        "有 {papers} 份文书不属于规定的文书样式：{types}",
        "{papers} papers are none of the forms: {types}",
    ),
    "sample.how": (
        "抽样方法：种子是封存候选清单的那条保管记录（链 {chain} 第 {seq} 条）的摘要，抽取前无人能够知道。"
        "对每个案件计算 SHA-256（种子、换行、案件编号；UTF-8），在每一层中取十六进制摘要最小的 {wanted} 件。"
        "任何人都可以据此复算；命令：gateway sample check {sample}",
        "How it was drawn: the seed is the digest of the line of custody (chain {chain}, line {seq}) that"
        " sealed the frame; nobody could know it before. For each case SHA-256 of seed, line feed and case id"
        " (UTF-8) is taken; the {wanted} smallest of each stratum are drawn. Anybody can work it out again:"
        " gateway sample check {sample}",
    ),
    "paper.no_font": (
        "没有安装中文字体“{font}”，不能生成 PDF；请安装：apt-get install {package}",
        "the font {font} is not installed, so no PDF can be made; run: apt-get install {package}",
    ),
    "paper.no_typesetter": (
        "没有安装排版组件 typst，不能生成 PDF；请重新执行 make setup，或者改用 XLSX",
        "the library typst is not installed, so no PDF can be made; run `make setup`, or take XLSX",
    ),
    "paper.not_printable": (
        "文字中有太多字体没有的字符，不能生成 PDF；请改用 XLSX",
        "the text has too many characters that the font does not have; take XLSX instead of PDF",
    ),
    "paper.rows_left": (
        "共 {count} 行，此处列出前 {shown} 行",
        "{count} rows, of which the first {shown} are here",
    ),
    "paper.short_digests": (
        "完整性栏为 SHA-256 的前 16 位和最近一次校验时间（第二次读取存储副本，摘要一致）。",
        "Integrity: the first 16 digits of SHA-256, and when the stored copy was read again and had it.",
    ),
}

STANDINGS = {
    "UPCOMING": ("未到时间", "upcoming"),
    "ARRIVED": ("已到位", "arrived"),
    "PARTIAL": ("不完整", "partial"),
    "MISSING": ("未到", "missing"),
    "OVERDUE": ("逾期", "overdue"),
    "EXEMPT": ("可不记录", "exempt"),
}
"""Where a duty to record stands."""

CAUSES = {
    "fault": ("设备故障", "device fault"),
    "weather": ("天气", "weather"),
    "battery": ("电池耗尽", "battery"),
    "storage": ("存储已满", "storage full"),
    "place_change": ("更换地点", "change of place"),
    "other": ("其他", "other"),
    "rec_stop": ("设备报告停止录制", "the device told that recording stopped"),
    "low_battery": ("设备报告电量低", "the device told of a low battery"),
    "storage_low": ("设备报告存储不足", "the device told of little storage"),
    "tamper": ("设备报告遭破坏", "the device told of tampering"),
    "": ("无人说明", "nobody said"),
}
"""Why there is a gap."""

RESULTS = {
    "SOUND": ("合格", "sound"),
    "FAULTY": ("存在问题", "faulty"),
    "FOLLOWED": ("整改跟踪", "followed up"),
    "SETTLED": ("已整改", "settled"),
    "OPEN": ("存在问题，待整改", "a fault is open"),
    "UNCHECKED": ("未检查", "not checked yet"),
}
"""What a checker says of a case, and where its check stands."""

BASES = {
    "CLOSED": ("期间内结案的案件", "cases closed in the period"),
    "ACTIVE": (
        "期间内立案、结案或有执法环节的案件",
        "cases opened or closed in the period, or with a step in it",
    ),
}

STATUSES = {"PROPOSED": ("系统提出", "proposed"), "CONFIRMED": ("人工确认", "confirmed")}

STATEMENTS = {
    "OMISSION": ("未记录说明", "left out"),
    "GAP": ("中断说明", "gap"),
    "URGENCY": ("紧急情况", "urgent"),
    "AWAY": ("返回时间", "return"),
}


def word(words: dict[str, tuple[str, str]], key: str) -> str:
    """In Chinese; what is none of ours stays as it is."""
    return words.get(key, (key, key))[0]
