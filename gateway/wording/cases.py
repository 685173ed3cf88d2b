"""Case records that come in, and what goes back to other systems."""

SENTENCES: dict[str, tuple[str, str]] = {
    # case records
    "case.not_found": (
        "没有编号为“{number}”的案件，或者它不在您的查看范围内；请核对案件编号",
        "there is no case {number}, or it is not yours to see; check the number",
    ),
    "case.several": (
        "编号“{number}”对应多个案件，请填写案件的系统编号",
        "several cases have the number {number}; give the case's own id",
    ),
    "case.unknown_room": (
        "没有编号为“{room}”的房间，而案件又未写明单位；请写明单位，或先登记该房间",
        "no room {room} is known and the case names no unit; give the unit, or enter the room first",
    ),
    "case.unknown_unit": (
        "没有单位 {unit}；相近的：{near}。确是新单位的，请注明 new_unit=true，或先登记该单位",
        "there is no unit {unit}; near: {near}. If it is a new one, say new_unit=true, or register it first",
    ),
    "case.other_unit": (
        "案件 {case} 属于单位 {unit} 或另一单位，本来源无权写入",
        "case {case} is of unit {unit} or of another one, which this source may not write",
    ),
    "case.no_identity_key": (
        "未配置证件号码密钥，公民证件号码无法安全保存；请在 devices.yaml 中设置 identity_key",
        "no key is configured under which identity numbers are kept: set identity_key in devices.yaml",
    ),
    "case.part_of_another": (
        "编号 {part} 属于另一案件，请使用本案自己的环节、文书编号",
        "{part} belongs to another case; use ids of this case's own steps and papers",
    ),
    "case.out_of_order": (
        "案件 {case}：所告知的日期与已存的日期先后矛盾（{error}）",
        "case {case}: what is told now and what is kept are in no order of time ({error})",
    ),
    "case.decision_late": (
        "行政处罚决定逾期：自 {begun} 起，应于 {last} 前完成，实际 {done}（{basis}）{doubt}",
        "the decision came late: from {begun}, due by {last}, came {done} ({basis}) {doubt}",
    ),
    "case.decision_overdue": (
        "行政处罚决定逾期：自 {begun} 起，应于 {last} 前完成，至 {at} 无记录（{basis}）{doubt}",
        "the decision is overdue: from {begun}, due {last}, none at {at} ({basis}) {doubt}",
    ),
    "case.service_late": (
        "决定书送达逾期：自 {begun} 起，应于 {last} 前完成，实际 {done}（{basis}）{doubt}",
        "service of the decision came late: from {begun}, due by {last}, came {done} ({basis}) {doubt}",
    ),
    "case.service_overdue": (
        "决定书送达逾期：自 {begun} 起，应于 {last} 前完成，至 {at} 无记录（{basis}）{doubt}",
        "service of the decision is overdue: from {begun}, due {last}, none at {at} ({basis}) {doubt}",
    ),
    "case.preserve_late": (
        "先行登记保存证据的处理逾期：自 {begun} 起，应于 {last} 前完成，实际 {done}（{basis}）{doubt}",
        "word on registered evidence came late: from {begun}, due by {last}, came {done} ({basis}) {doubt}",
    ),
    "case.preserve_overdue": (
        "先行登记保存证据的处理逾期：自 {begun} 起，应于 {last} 前完成，至 {at} 无记录（{basis}）{doubt}",
        "word on registered evidence is overdue: from {begun}, due {last}, none at {at} ({basis}) {doubt}",
    ),
    "case.emergency_late": (
        "紧急强制措施的批准逾期：自 {begun} 起，应于 {last} 前完成，实际 {done}（{basis}）{doubt}",
        "approval of urgent measures came late: from {begun}, due by {last}, came {done} ({basis}) {doubt}",
    ),
    "case.emergency_overdue": (
        "紧急强制措施的批准逾期：自 {begun} 起，应于 {last} 前完成，至 {at} 无记录（{basis}）{doubt}",
        "approval of urgent measures is overdue: from {begun}, due {last}, none at {at} ({basis}) {doubt}",
    ),
    "case.wrong": (
        "案件记录不符合要求：{errors}",
        "the case record is not as documented: {errors}",
    ),
    "case.wrong_entry": (
        "读取位置 {after} 之后的第 {place} 条（SHA-256 {digest}…）不符合要求：{errors}",
        "entry {place} after the cursor {after} (SHA-256 {digest}…) is not as documented: {errors}",
    ),
    "case_source.away": (
        "案件系统 {url} 暂时无法访问（{error}），将继续重试",
        "the case system {url} cannot be reached ({error}); it is asked again",
    ),
    "case_source.status": (
        "案件系统 {url} 返回 {status}，将继续重试",
        "the case system {url} answers {status}; it is asked again",
    ),
    "case_source.garbled": (
        "案件系统 {url} 的答复无法解读（{error}），将继续重试",
        "the answer of the case system {url} cannot be read ({error}); it is asked again",
    ),
    "case_source.folder": (
        "案件文件夹 {path} 无法读写：{error}",
        "the folder of cases {path} cannot be read or written: {error}",
    ),
    "case_file.unsigned": (
        "文件在 {seconds} 秒内没有签名文件（.sig），或未写完整",
        "no signature (.sig) came within {seconds} s: unsigned, or never finished",
    ),
    "case_file.wrong_signature": (
        "签名与文件内容不符：签名错误、文件被改动或未写完整",
        "the signature does not fit the content: wrongly signed, changed since, or not whole",
    ),
    "case_file.duplicate": (
        "内容相同的文件已于 {at} 以“{name}”接收",
        "the same content was taken in at {at} as {name}",
    ),
    "case_file.wrong": ("文件内容有误：{errors}", "the file is not as documented: {errors}"),
    "case_file.kind": ("只接收 {known} 文件", "only {known} are taken"),
    "case_file.no_plain_file": (
        "不是普通文件，或大于 {most} MiB",
        "no plain file, or larger than {most} MiB",
    ),
    "case_file.no_file": ("只有签名，没有对应的文件", "a signature without its file"),
    "webhook.address": ("“{url}”不是可用的网址", "{url} is no address of http or https"),
    "webhook.configured": (
        "“{name}”由 devices.yaml 配置，请在该文件中修改",
        "{name} stands in devices.yaml; change it there",
    ),
    "webhook.host": (
        "不允许向 {host} 投递；请管理员在 devices.yaml 的 webhooks.hosts 中登记",
        "nothing may be delivered to {host}: have it entered in devices.yaml under webhooks.hosts",
    ),
}
