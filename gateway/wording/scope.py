"""What had to be recorded, how much of it was, and what is wrong with an item list."""

SENTENCES: dict[str, tuple[str, str]] = {
    # item lists
    "scope.no_headings": (
        "{file}：找不到表头行。表头须有“记录环节/事项”或“执法事项/环节”；可用的列：{known}",
        "{file}: no heading row; one must be 记录环节/事项 or 执法事项/环节. Known: {known}",
    ),
    "scope.two_tables": (
        "{file}：有不止一个工作表是清单，请只保留一个",
        "{file}: more than one sheet holds a list; keep one",
    ),
    "scope.unknown_heading": (
        "{cell}：不认识的表头“{heading}”；可用的列：{known}",
        "{cell}: nobody knows the heading {heading}; known: {known}",
    ),
    "scope.heading_twice": (
        "{cell}：表头“{heading}”重复",
        "{cell}: the heading {heading} stands for a column that is there already",
    ),
    "scope.empty": ("清单中没有事项", "there is no line in the list"),
    "scope.beyond": (
        "第 {row} 行 {cell}：“{text}”在最后一列之外，单元格可能错位",
        "row {row}, {cell}: {text} stands outside every column; cells are shifted",
    ),
    "scope.looks_like": (
        "第 {row} 行 {cell}：“{heading}”列中的“{text}”像是“{other}”，单元格可能错位",
        "row {row}, {cell}: {text} under {heading} looks like {other}; cells are shifted",
    ),
    "scope.does_not_fit": (
        "第 {row} 行 {cell}：“{text}”不像“{heading}”，单元格可能错位",
        "row {row}, {cell}: {text} is no {heading}; cells may be shifted",
    ),
    "scope.mode_there": (
        "第 {row} 行 {cell}：“{heading}”列中的“{text}”是记录要求，不是环节或事项，单元格可能错位",
        "row {row}, {cell}: {text} under {heading} tells how much to record, not of what; cells are shifted",
    ),
    "scope.no_mode": (
        "第 {row} 行：没有写明全程还是部分（或者用了不认识的词），按{mode}处理",
        "row {row}: no word that is known tells how much to record; taken for {mode}",
    ),
    "scope.nothing_named": (
        "第 {row} 行 {cell}：没有写明记录环节或执法事项，单元格可能错位",
        "row {row}, {cell}: neither 记录环节 nor 执法事项 is given; cells may be shifted",
    ),
    "scope.refused": (
        "清单有 {count} 处错误，未导入任何内容",
        "the list has {count} faults; nothing of it was imported",
    ),
    "scope.unknown_unit": ("没有单位 {unit}", "there is no unit {unit}"),
    "scope.unknown_stage": (
        "没有“{stage}”这一阶段；可用的：{known}",
        "no rule pack knows the stage {stage}; known: {known}",
    ),
    "scope.unknown_case": ("没有案件 {case}", "there is no case {case}"),
    "scope.unknown_officer": (
        "没有人员 {officer}：登记簿中没有，所查的环节里也没有",
        "there is no officer {officer}, neither in the register nor in the steps that were asked for",
    ),
    "scope.unknown_activity": ("没有执法环节 {activity}", "there is no step {activity}"),
    # who asks for how much
    "scope.by_frame": ("按三项制度要求：{mode}", "by the frame of city and province: {mode}"),
    "scope.by_list": (
        "按本单位音像记录事项清单：{mode}（严于三项制度的{frame}）",
        "by the unit's own list: {mode}, stricter than the frame's {frame}",
    ),
    "scope.room": ("执法办案场所：{mode}", "takes place in a room: {mode}"),
    "scope.unknown_kind": (
        "规则包和清单都没有这一环节名称，暂按{mode}",
        "neither rule pack nor list knows this kind of step; taken for {mode}",
    ),
    # where a duty stands
    "duty.came": ("已有音像资料 {clips} 份", "clips that came: {clips}"),
    "duty.elsewhere": (
        "另有 {clips} 份关联到本环节的资料不是在该环节期间采集的，不计入，请核对关联",
        "{clips} linked clips lie outside the step: recorded at another time, they do not count",
    ),
    "duty.unreadable": (
        "另有 {clips} 份关联到本环节的文件无法播放、看不到也听不到任何内容，不计入",
        "{clips} linked files show nothing: they cannot be played and do not count",
    ),
    "duty.text_suffices": (
        "文字记录能够全面有效记录，可以不进行音像记录",
        "the written record suffices; footage may be absent",
    ),
    "duty.upcoming": ("该环节尚未结束（至 {until}）", "the step has not ended yet (until {until})"),
    "duty.missing": ("尚无音像资料，应于 {due} 前入库", "no footage yet; due by {due}"),
    "duty.overdue": ("没有音像资料，已过入库期限 {due}", "no footage, and it was due by {due}"),
    "duty.late": ("有资料于 {at} 才入库，超过期限", "footage came in only at {at}, after the deadline"),
    # how much was recorded
    "coverage.whole": ("全程记录 {share}%，音像资料 {clips} 份", "{share} % of it recorded, {clips} clips"),
    "coverage.short": ("应全程记录，只有 {share}%（要求 {wanted}%）", "{share} % recorded, {wanted} % asked"),
    "coverage.gaps": (
        "中断 {gaps} 处，最长 {longest} 秒，其中 {open} 处没有说明原因",
        "{gaps} gaps, the longest {longest} s; {open} of them without a reason",
    ),
    "coverage.gaps_explained": (
        "中断 {gaps} 处，最长 {longest} 秒，均已说明原因",
        "{gaps} gaps, the longest {longest} s, each with its reason",
    ),
    "coverage.no_time": (
        "已有资料 {clips} 份，但采集时间不明，无法核对全程",
        "{clips} clips whose time is not known: whether they have all of it cannot be told",
    ),
    "coverage.doubtful": (
        "取决于设备时钟误差：可确定 {certain}%，可能 {possible}%",
        "it hangs on how right the clocks were: {certain} % for certain, {possible} % possible",
    ),
    # why a gap is one, by its cause
    "gap.fault": (
        "{from} 起中断 {seconds} 秒：设备故障（人员说明）",
        "{seconds} s missing from {from}: the device failed, as somebody states",
    ),
    "gap.weather": (
        "{from} 起中断 {seconds} 秒：天气原因（人员说明）",
        "{seconds} s missing from {from}: the weather, as somebody states",
    ),
    "gap.battery": (
        "{from} 起中断 {seconds} 秒：电池耗尽（人员说明）",
        "{seconds} s missing from {from}: the battery was flat, as somebody states",
    ),
    "gap.storage": (
        "{from} 起中断 {seconds} 秒：存储卡已满（人员说明）",
        "{seconds} s missing from {from}: the card was full, as somebody states",
    ),
    "gap.place_change": (
        "{from} 起中断 {seconds} 秒：转移地点（人员说明）",
        "{seconds} s missing from {from}: they changed places, as somebody states",
    ),
    "gap.other": (
        "{from} 起中断 {seconds} 秒：其他原因（人员说明）",
        "{seconds} s missing from {from}: another reason, as somebody states",
    ),
    "gap.low_battery": (
        "{from} 起中断 {seconds} 秒：此前设备报告电量低",
        "{seconds} s missing from {from}: the recorder had told that its battery was low",
    ),
    "gap.storage_low": (
        "{from} 起中断 {seconds} 秒：此前设备报告存储空间不足",
        "{seconds} s missing from {from}: the recorder had told that its card was nearly full",
    ),
    "gap.tamper": (
        "{from} 起中断 {seconds} 秒：此前设备报告被遮挡或者拆动",
        "{seconds} s missing from {from}: the recorder had told of tampering",
    ),
    "gap.rec_stop": (
        "{from} 起中断 {seconds} 秒：设备报告停止录制，没有说明原因",
        "{seconds} s missing from {from}: the recorder told that it was stopped, not why",
    ),
    "gap.source_lost": (
        "{from} 起中断 {seconds} 秒：录像主机报告信号中断",
        "{seconds} s missing from {from}: the room's recorder lost its source",
    ),
    "gap.gateway_stopped": (
        "{from} 起中断 {seconds} 秒：网关停止运行",
        "{seconds} s missing from {from}: the gateway was not running",
    ),
    "gap.disk_full": (
        "{from} 起中断 {seconds} 秒：网关存储已满",
        "{seconds} s missing from {from}: the gateway's disk was full",
    ),
    "gap.store_error": (
        "{from} 起中断 {seconds} 秒：网关存储出错",
        "{seconds} s missing from {from}: the gateway's store failed",
    ),
    "gap.standing_still": (
        "{from} 起中断 {seconds} 秒：画面静止不动",
        "{seconds} s missing from {from}: the picture stood still",
    ),
    "gap.time_stamps_leapt": (
        "{from} 起中断 {seconds} 秒：画面时间戳跳变",
        "{seconds} s missing from {from}: the time stamps of the picture leapt",
    ),
    "gap.else": ("{from} 起中断 {seconds} 秒：{cause}", "{seconds} s missing from {from}: {cause}"),
    "gap.silent": (
        "{from} 起中断 {seconds} 秒：没有说明原因",
        "{seconds} s missing from {from}: nobody said why",
    ),
    # what people stated
    "omission.complete": (
        "依法未记录：{ground}，工作记录 {record}，{approved} 审批",
        "lawfully not recorded: {ground}, work record {record}, approved by {approved}",
    ),
    "omission.incomplete": (
        "未记录的说明不完整，缺：{lacks}",
        "the statement of omission still lacks: {lacks}",
    ),
    "omission.ground": ("{ground} 不是可以不记录的情形", "{ground} is no ground to leave recording out"),
    "statement.lacks": ("请说明：{lacks}", "say {lacks}"),
    "statement.unknown": (
        "该说明不属于此环节，或已被更正",
        "no such statement about this step, or it was corrected already",
    ),
    # nights and holidays
    "rest.night": (
        "行政强制执行在夜间实施（{at}），须说明紧急情况",
        "compulsory execution at night ({at}): say why",
    ),
    "rest.holiday": (
        "行政强制执行在法定节假日实施（{at}），须说明紧急情况",
        "compulsory execution on a statutory holiday ({at}): say why it could not wait",
    ),
    "rest.unknown": (
        "规则包没有该年的法定节假日，无法核对（{at}）",
        "the rule pack has no holidays of that year; it cannot be checked ({at})",
    ),
    "rest.urgent": (
        "夜间或者节假日强制执行，已说明紧急情况（{at}）",
        "at night or on a holiday ({at}), with its reason",
    ),
}
