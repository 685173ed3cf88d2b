"""One rule applied to one candidate."""

SENTENCES: dict[str, tuple[str, str]] = {
    # linking: one rule applied to one candidate
    "number.matches": (
        "标注的案件编号 {number} 与本案一致",
        "the case number given, {number}, is this case's",
    ),
    "number.other": (
        "标注的案件编号 {number} 不是本案（{case}）的编号",
        "the case number given, {number}, is not one of this case ({case})",
    ),
    "number.elsewhere": (
        "标注的案件编号 {number} 属于另一案件，该案当时没有任何环节；时间、采集人及地点（或起止）"
        "均与本案一致，请核对编号",
        "the number given, {number}, is another case's, which had no step then; time, holder and place (or "
        "beginning and end) are this case's: the number wants checking",
    ),
    "number.several": (
        "标注的案件编号 {number} 同时对应 {cases} 个案件，需人工判断",
        "the case number given, {number}, stands for {cases} cases; a person has to decide",
    ),
    "device.type_not_allowed": (
        "设备类型不在音像记录设备配备范围之内",
        "the device is of no type that may record enforcement",
    ),
    "device.status": ("采集时设备状态：{status}", "the device's status when recording: {status}"),
    "device.lost": (
        "设备状态为 {status}，此后采集的资料不得作为证据",
        "the device counts as {status}; what it records is no evidence",
    ),
    "custody.gap": (
        "台账中查不到采集时由谁持有该设备",
        "the ledger does not say who held the device when it recorded",
    ),
    "custody.no_checkout": (
        "设备为共用（{kind}），但采集时段没有领用记录",
        "the device is shared ({kind}) and nobody had checked it out then",
    ),
    "custody.refuted": (
        "台账持有人 {officer} 当时按案卷记录在别处参加另一环节，设备不在其手中；采集人待核实，请更正台账",
        "the ledger says {officer}, who by the case record was at another step elsewhere; who recorded is "
        "open, and the ledger wants correcting",
    ),
    "custody.swapped": (
        "当日本机与设备 {camera} 共有 {takes} 段录制与对方持有人（本机对应 {other}）参加的环节相符，"
        "无一与本机台账持有人 {officer} 参加的环节相符，两台设备系互换使用；采集人待核实，请更正台账",
        "{takes} takes of this camera and of {camera} fit the steps of the other's holder ({other} for this "
        "one) and none those of its own ({officer}): the two were swapped; who recorded is open, and the "
        "ledger wants correcting",
    ),
    "custody.room": ("设备固定安装于 {room}", "the device is fixed in {room}"),
    "custody.vehicle": ("设备随车 {room} 使用", "the device is in the vehicle {room}"),
    "custody.other_officer": (
        "文件标注的采集人 {named} 与台账持有人 {holder} 不一致",
        "the file names {named}, the ledger says {holder} held the device",
    ),
    "custody.allocated": (
        "设备自 {since} 起配备给 {officer}",
        "the device is allocated to {officer} since {since}",
    ),
    "custody.checkout": (
        "设备由 {officer} 于 {since} 领用",
        "{officer} had checked the device out at {since}",
    ),
    "handler.takes_part": ("采集人 {officer} 参与本案办理", "{officer} takes part in the case"),
    "handler.stranger": (
        "采集人 {officer} 不是本案承办人，也未参加该环节",
        "{officer} neither handles the case nor took part in the step",
    ),
    "certificate.unknown": (
        "登记簿中没有 {officer} 的执法证有效期",
        "the registry has no certificate validity for {officer}",
    ),
    "certificate.invalid": (
        "采集时 {officer} 的执法证不在有效期内",
        "the certificate of {officer} was not valid then",
    ),
    "officers.count": (
        "该环节执法人员 {count} 名（要求不少于 {required} 名）",
        "{count} officers took part ({required} required)",
    ),
    "time.overlaps": (
        "采集时间与执法环节重叠 {shared} 秒（全长 {length} 秒，时间来源 {source}，误差 ±{uncertainty} 秒）",
        "recorded {shared} of its {length} s during the step (time from {source}, ±{uncertainty} s)",
    ),
    "time.near": (
        "采集时间与执法环节相邻，在容许误差之内（时间来源 {source}，误差 ±{uncertainty} 秒）",
        "recorded next to the step, within tolerance (time from {source}, ±{uncertainty} s)",
    ),
    "time.fits_other": (
        "录制起止与本单位另一环节（{other}）相符，与持有人参加的环节不符，可能换用了设备，需人工判断",
        "it begins and ends with another step of the unit ({other}), not with its holder's: cameras may have "
        "been swapped",
    ),
    "time.outside": (
        "采集时间不在该执法环节之内（时间来源 {source}，误差 ±{uncertainty} 秒）",
        "not recorded during the step (time from {source}, ±{uncertainty} s)",
    ),
    "time.no_activity": (
        "采集时本案没有登记的执法环节（立案前采集属正常情形）",
        "the case has no recorded step at that time (normal before 立案)",
    ),
    "time.unknown": ("采集时间不可信", "the capture time cannot be trusted"),
    "original.shows_nothing": (
        "文件无法播放，看不到也听不到任何内容，不能证明本环节",
        "the file cannot be played: nothing in it shows this step",
    ),
    "time.either": (
        "设备时钟在此期间被调整过，采集时间可能为 {first}，也可能为 {last}，需人工判断",
        "the device's clock was set meanwhile: recorded at {first} or at {last}; a person has to decide",
    ),
    "time.torn": (
        "文件名与文件内的时间不一致，采集时间可能为 {first}，也可能为 {last}，需人工判断",
        "the file's name and its container tell different times: recorded at {first} or at {last}; a person "
        "has to decide",
    ),
    "time.read_as_utc": (
        "文件内的时间按 UTC 读取：文件名中的当地时间表明如此，与设备设置 container_time 不同",
        "the container's time was read as UTC, other than `container_time` of its device says: the local "
        "time in its name agrees with that",
    ),
    "time.read_as_local": (
        "文件内的时间按当地时间（{zone}）读取：文件名中的时间表明如此，与设备设置 container_time 不同",
        "the container's time was read as local ({zone}), other than `container_time` of its device says: "
        "the time in its name agrees with that",
    ),
    "time.before_filing": (
        "采集于立案（{filed}）之前，属正常情形",
        "recorded before the case was filed ({filed}), which is normal",
    ),
    "place.near": ("定位距现场 {metres} 米", "recorded {metres} m from the place of the step"),
    "place.far": (
        "定位距登记的现场 {metres} 米，需人工核对",
        "recorded {metres} m from the place of the step; a person has to look",
    ),
    "place.same_words": (
        "采集地点与登记的现场一致（{place}）",
        "recorded at the place of the step ({place})",
    ),
    "place.other_words": (
        "采集地点 {place} 与登记的现场 {step} 不一致",
        "recorded at {place}, the step took place at {step}",
    ),
    "notice.given": (
        "已告知当事人正在录音录像并出示执法证",
        "the party was told of the recording and shown the certificates",
    ),
    "notice.missing": (
        "没有告知当事人录音录像或者没有出示执法证的记录",
        "no record that the party was told of the recording and shown the certificates",
    ),
    "upload.late": (
        "采集后 {hours} 小时才上传（要求 {limit} 小时内）",
        "uploaded {hours} hours after it was recorded ({limit} allowed)",
    ),
    "secrecy.not_here": (
        "涉及国家秘密，不得存放于本系统",
        "a state secret; it must not be kept on this system",
    ),
    "transcript.missing": (
        "录音资料尚无文字说明（结案前应当附上）",
        "a sound recording without its transcript (due before the case closes)",
    ),
    "case.archived": (
        "案件已于 {on} 归档，补充材料须经批准",
        "the case was archived on {on}; what is added needs an approval",
    ),
    "original.verified": ("原件二次读取校验一致", "the original was read a second time and agreed"),
    "original.unverified": ("原件尚未通过二次校验", "the original has not passed its second read"),
    "labels.complete": ("五项标注齐全", "all five labels are given"),
    "labels.no_reason": (
        "解除涉密标注、撤回文字整理稿、更正采集时间时，请写明理由",
        "say why (`why`) what was stated of secrecy or of a transcript is taken back, or the time is another",
    ),
    "labels.secret_head": (
        "国家秘密标注只能由采集单位或者其上级单位登记的调阅审批人解除",
        "only a head of the unit that collected it, or of one above, lifts that it is a state secret",
    ),
    "labels.no_link": ("尚未关联案件", "it is linked to no case"),
    "labels.missing": (
        "尚缺标注：{labels}（补齐前不可归档）",
        "labels still missing: {labels} (not archivable until given)",
    ),
}
