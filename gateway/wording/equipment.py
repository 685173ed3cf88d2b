"""What the equipment ledger refuses, and what the rules of equipment find (AL-1…AL-12)."""

SENTENCES: dict[str, tuple[str, str]] = {
    "access.taken": ("已有用户“{name}”", "there is a user {name} already"),
    "access.odd_name": (
        "用户名由文字、数字和常用符号组成，最多 {longest} 个字，不能含看不见的字符",
        "a name has at most {longest} letters, figures or signs, and none that cannot be seen",
    ),
    "access.short_password": ("密码不足 {least} 位", "a password has at least {least} characters"),
    "access.last_admin": (
        "“{name}”是最后一名能登录的管理员，不能停用或调整角色；请先添加另一名管理员",
        "{name} is the last administrator who can sign in; add another one first",
    ),
    "access.not_allowed": (
        "您的角色“{role}”没有这项权限：{right}",
        "your role, {role}, has not the right to {right}",
    ),
    "access.whole_site": (
        "系统管理只对管理全部单位的管理员开放",
        "only an administrator of the whole site may do that",
    ),
    "session.code_needed": (
        "密码正确，还需要动态口令：请连同 code 再次提交",
        "the password is right and a code is needed: send it along as `code`",
    ),
    # the ledger refuses
    "ledger.unknown": ("登记簿中没有{kind} {ref}", "not in the registry: {kind} {ref}"),
    "ledger.has_left": (
        "{officer} 自 {on} 起已离岗，此后不能领用或配备设备",
        "{officer} left on {on}: from that day on nothing is given to them",
    ),
    "ledger.badge_twice": (
        "卡号 {badge} 同时登记在 {officers} 名下；请先为已离岗的人员填写离岗日期（left_on），或更正卡号",
        "badge {badge} is entered for {officers} at once; enter when one of them left (left_on), or mend it",
    ),
    "ledger.superseded": (
        "该记录已于 {at} 被另一条更正；请以取代它的那一条为准",
        "that entry was superseded at {at}, by another that corrects it; go by the one that took its place",
    ),
    "ledger.unchanged": (
        "没有变化，未登记：更正后的内容与原记录一致，原因也不保存",
        "nothing changes, so nothing was entered: it says what it says already, and the reason is not kept",
    ),
    "ledger.one_holder": (
        "请且仅请指定一个持有方：人员、房间或单位",
        "name exactly one holder: officer, room or unit",
    ),
    "ledger.backwards": ("结束时间 {end} 早于开始时间 {start}", "it ends ({end}) before it begins ({start})"),
    "ledger.overlaps": (
        "该设备自 {since} 起已由 {holder} 持有，请先终止或更正该记录",
        "{holder} has the device since {since}; end or correct that entry first",
    ),
    "ledger.unfit_holder": (
        "“{kind}”方式的持有方应为{wanted}，而不是{given}",
        "by the kind {kind} a device is held by {wanted}, not by {given}",
    ),
    "ledger.out_of_use": (
        "设备在 {at} 的状态为“{status}”，不得配备或领用；如状态有误，请先更正状态",
        "the device counts as {status} at {at}: nobody can be given it; correct its status if that is wrong",
    ),
    "ledger.returned_already": (
        "该领用已于 {at} 归还；如时间有误，请更正该条领用记录",
        "it came back at {at} already; if that is wrong, correct the checkout",
    ),
    "ledger.gb_code_taken": (
        "国标编码 {number} 已属于设备 {device}",
        "the GB/T 28181 code {number} belongs to {device} already",
    ),
    "ledger.no_paper": (
        "单位类别由行政决定确定，请写明批准文件文号",
        "the class of a unit is decided by an authority: give the number of its paper",
    ),
    "ledger.class_overlaps": (
        "该单位自 {since} 起已定为 {grade} 类，同一时间只能有一个类别；请先更正该条记录",
        "the unit is of class {grade} since {since}, and has one class at a time: correct that entry first",
    ),
    "ledger.section_has_no_class": (
        "“{unit}”是科室，计入其上级单位，没有自己的类别",
        "{unit} is a section: it is counted in the unit above and has no class of its own",
    ),
    # the standing of a device
    "standing.future": (
        "状态自 {since} 起，尚未到来；请在到来之后登记",
        "{since} has not come yet; enter the status once it has",
    ),
    "standing.no_way": (
        "设备自 {first} 起为“{before}”，不能自 {second} 起改为“{after}”；如前一状态有误，请更正该条记录",
        "{before} since {first}, it cannot be {after} from {second} on; if the former is wrong, correct that",
    ),
    "standing.needs_why": ("请写明状态变更的原因", "say why the status changes"),
    "standing.as_registered": ("登记时的状态", "as it was registered"),
    # a device leaves for good (AL-9)
    "retirement.document": ("资产处置文件：{doc}", "the paper of its disposal: {doc}"),
    "retirement.no_document": (
        "报废须有资产处置文件，请写明文号",
        "a device retires only with the paper of its disposal: give its number",
    ),
    "retirement.was_lost": (
        "设备此前已登记丢失，其中的资料已无从采集",
        "it was lost before: what is on it cannot be read any more",
    ),
    "retirement.held": (
        "设备仍由 {holder} 持有，请先归还或终止配备",
        "{holder} has the device still; return it or end the allocation first",
    ),
    "retirement.unread": (
        "从未从该设备采集过，请先接入采集站一次，确认其中没有资料",
        "nothing was ever read from it: dock it once, so that it is known to be empty",
    ),
    "retirement.unfinished": (
        "该设备尚有 {count} 个文件未固化保存",
        "{count} of its files are not preserved yet",
    ),
    "retirement.unsealed": (
        "该设备尚有 {count} 次采集没有完整的回执",
        "{count} of its docking sessions have no receipt that is whole",
    ),
    "retirement.not_cleared": (
        "最近一次采集时设备中尚有 {count} 个文件未清除（如 {first}）；清除后请再接入采集站一次",
        "{count} files lay on it when it was docked last ({first}): clear it, then dock it once more",
    ),
    "retirement.cleared": (
        "资料已全部采集，设备已清空，回执齐全",
        "all of it is preserved, the device is empty, the receipts are whole",
    ),
    # rules of equipment
    "equipment.type_allowed": ("设备类型“{type}”属于音像记录设备", "{type} is recording equipment"),
    "equipment.type_unknown": ("设备类型“{type}”不属于音像记录设备", "{type} is no recording equipment"),
    "equipment.spec_good": ("技术参数达标", "as good as asked"),
    "equipment.spec_below": ("技术参数未达标：{measures}", "below what is asked: {measures}"),
    "equipment.spec_unknown": (
        "登记簿未写明{measures}，无法判定是否达标",
        "the registry does not tell {measures}, so nobody can say whether it is good enough",
    ),
    "equipment.idle": ("自 {since} 起闲置 {days} 天", "idle for {days} days, since {since}"),
    "equipment.in_use": ("最近使用于 {since}", "used last on {since}"),
    "equipment.never_used": (
        "没有使用记录，也没有启用日期",
        "no use of it is on record, nor when it came into service",
    ),
    "equipment.procured": ("资产配置审批文件：{doc}", "the paper of its procurement: {doc}"),
    "equipment.unprocured": ("没有登记资产配置审批文件", "the paper of its procurement is not on record"),
    "equipment.keeper": ("保管人：{officer}", "kept by {officer}"),
    "equipment.no_keeper": ("没有指定保管人", "nobody is named as its keeper"),
    "equipment.quota_met": ("在用 {have} 台，应配 {required} 台", "{have} in service, {required} required"),
    "equipment.quota_short": (
        "在用 {have} 台，应配 {required} 台，不足",
        "{have} in service, too few: {required} are required",
    ),
    "equipment.quota_open": (
        "在用 {have} 台；应配数量依据不明，须由单位按其批准文件填写",
        "{have} in service; how many are required is open: the unit has to fill it in from its own paper",
    ),
    "equipment.surplus": (
        "在用 {have} 台，超出应配的 {required} 台",
        "{have} in service, more than the {required} required",
    ),
    "equipment.no_surplus": ("在用 {have} 台，未超配", "{have} in service, not more than required"),
    "equipment.life_open": (
        "该类设备没有已知的最低使用年限",
        "no least time of service is known for its type",
    ),
    "equipment.life_unknown": (
        "没有登记购置日期，无法判定是否满 {years} 年",
        "when it was bought is not on record: did it serve {years} years?",
    ),
    "equipment.life_served": (
        "已使用 {served} 年（最低 {years} 年）",
        "it served {served} years ({years} asked)",
    ),
    "equipment.life_short": (
        "使用 {served} 年即报废，未满最低年限 {years} 年",
        "it left after {served} years, before the {years} asked",
    ),
    # rules of the ledger
    "equipment.holder_fits": ("“{kind}”的持有方为{given}", "by the kind {kind} it is held by {given}"),
    "equipment.holder_unfit": (
        "“{kind}”的持有方应为{wanted}，而不是{given}",
        "by the kind {kind} it is held by {wanted}, not by {given}",
    ),
    "equipment.in_order": ("先领用后归还", "it came back after it went out"),
    "equipment.backwards": (
        "归还时间 {end} 不晚于领用时间 {start}",
        "it came back ({end}) before it went out ({start})",
    ),
    "equipment.checkout_closed": (
        "{officer} 于 {since} 领用，日终前已归还",
        "{officer}, out since {since}, brought it back that day",
    ),
    "equipment.checkout_open": (
        "{officer} 于 {since} 领用，日终尚未归还",
        "{officer} has it out since {since}, still at the end of the day",
    ),
    "equipment.certificate_good": (
        "{officer} 的执法证在 {on} 有效且年检合格",
        "the certificate of {officer} holds on {on}, and passed its annual check",
    ),
    "equipment.certificate_unknown": (
        "登记簿中没有 {officer} 的执法证有效期",
        "the registry has no validity for the certificate of {officer}",
    ),
    "equipment.certificate_expired": (
        "{officer} 的执法证在 {on} 不在有效期内",
        "the certificate of {officer} does not hold on {on}",
    ),
    "equipment.check_unknown": (
        "登记簿中没有 {officer} 的执法证年检记录",
        "the registry has no annual check for the certificate of {officer}",
    ),
    "equipment.check_missed": (
        "{officer} 的执法证在 {on} 没有合格的年检",
        "the certificate of {officer} has no annual check passed for {on}",
    ),
    "equipment.prechecked": (
        "使用前已检查电量、存储和时间",
        "battery, memory and clock were looked at before use",
    ),
    "equipment.precheck_missing": ("使用前没有检查：{measures}", "not looked at before use: {measures}"),
    "equipment.precheck_low": (
        "使用前{measure}为 {value}，低于 {least}",
        "{measure} at {value} before use, less than {least}",
    ),
    "equipment.clock_good": (
        "时钟误差 {offset} 秒，在容许的 {allowed} 秒之内",
        "its clock was {offset} s off, within the {allowed} s allowed",
    ),
    "equipment.clock_off": (
        "时钟误差 {offset} 秒，超过容许的 {allowed} 秒",
        "its clock was {offset} s off, more than the {allowed} s allowed",
    ),
    "equipment.clock_unknown": (
        "时钟误差 {offset} 秒，但不知何时校过时，无法判定",
        "its clock was {offset} s off, and nobody knows when it had been set",
    ),
}
