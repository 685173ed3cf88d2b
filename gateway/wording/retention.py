"""Why footage stays, why it left the list of a disposal, why nobody may dispose of it."""

SENTENCES: dict[str, tuple[str, str]] = {
    # one floor, as the rule found it
    "retention.any": (
        "自 {from} 入库起至少保存 {months} 个月",
        "stays at least {months} months from {from}, the day it came in",
    ),
    "retention.window": (
        "窗口设备录制，自 {from} 入库起至少保存 {months} 个月",
        "recorded at a counter: stays at least {months} months from {from}",
    ),
    "retention.important": (
        "标为重点文件，自 {from} 起至少保存 {months} 个月",
        "marked important: stays at least {months} months from {from}",
    ),
    "retention.flag_permanent": ("标记为{flag}，永久保存", "marked as {flag}: for ever"),
    "retention.flag_case": (
        "标记为{flag}，自 {from} 起至少保存 {months} 个月（可能引起的复议、诉讼的最长期限）",
        "marked as {flag}: {months} months from {from}, the longest in which a case may be contested",
    ),
    "retention.case_file": (
        "与案卷 {case} 同期保存：自 {from} 归档起 {months} 个月",
        "as long as case file {case}: {months} months from {from}, when it was archived",
    ),
    "retention.case_permanent": ("案卷 {case} 永久保存", "case file {case} is kept for ever"),
    "retention.case_open": ("案件 {case} 尚未结案", "case {case} is still open"),
    "retention.case_unarchived": ("案卷 {case} 尚未归档", "case file {case} is not archived yet"),
    "retention.case_unknown": (
        "案卷 {case} 的保管期限不明，未明确前不得销毁",
        "how long case file {case} is kept is not known; until it is, this stays",
    ),
    "retention.limitation": (
        "案件 {case} 的复议、诉讼期限：自 {from} 起 {months} 个月",
        "case {case} may be contested: {months} months from {from}",
    ),
    "retention.item": (
        "音像记录事项清单“{item}”规定保存 {months} 个月（自 {from} 起）",
        "the unit's list says {months} months for “{item}”, from {from}",
    ),
    "retention.item_permanent": (
        "音像记录事项清单“{item}”规定永久保存",
        "the unit's list keeps “{item}” for ever",
    ),
    "retention.held": (
        "已保全（{why}），解除前不得销毁",
        "under legal hold ({why}); it stays until that is lifted",
    ),
    "retention.quarantined": ("已隔离，待人工处理，不得销毁", "set aside for a person to look at; it stays"),
    "retention.unfinished": (
        "尚未处理完毕，是否涉案未判定",
        "not processed to the end: nobody has looked for its case yet",
    ),
    "retention.undated": ("入库日期不明", "when it came in is not known"),
    # a line that left the list
    "disposal.changed": (
        "列入清单后情况有变（{what}），已移出清单",
        "what it was listed by has changed ({what}); taken off the list",
    ),
    "disposal.lent": (
        "同一内容还是另一资料的附件，不得销毁",
        "the same content is another clip's attachment as well; it stays",
    ),
    "disposal.bytes_missing": (
        "存储中的文件不见了（{path}），不是本次销毁；请运行 gateway verify 核对",
        "the stored file is gone ({path}), and not by this run; see `gateway verify`",
    ),
    "disposal.bytes_differ": (
        "存储中的文件与登记不符（{path}），请运行 gateway verify 核对",
        "the stored file is not what it was ({path}); see `gateway verify`",
    ),
    "disposal.cancelled": ("{by} 撤销了本次销毁：{why}", "{by} cancelled the run: {why}"),
    # what a person is refused
    "disposal.nothing_due": ("没有到期的资料", "nothing is due"),
    "disposal.unknown": ("没有此资料，或不归您管理：{clip}", "no such clip, or it is not yours: {clip}"),
    "disposal.not_due": (
        "资料 {clip} 尚未到期（{rule}，最早 {on}）",
        "clip {clip} is not due ({rule}, not before {on})",
    ),
    "disposal.no_day": (
        "资料 {clip} 不能提请销毁：依 {rule}，还没有期满之日",
        "clip {clip} is not due: by {rule} there is no day yet on which its time ends",
    ),
    "disposal.listed_already": ("资料 {clip} 已在另一次销毁清单中", "clip {clip} is on another open list"),
    "disposal.too_many": ("一次最多 {most} 件", "at most {most} clips in one run"),
    "disposal.authority": (
        "清单中有案卷资料，须填写销毁批准文号",
        "footage of case files is on the list; name the paper that allows their destruction (authority)",
    ),
    "disposal.same_person": (
        "提出人不得自行批准，须由另一人批准",
        "who proposed it may not agree to it; a second person has to",
    ),
    "disposal.count": (
        "填写的件数 {typed} 与清单不符，请重新查看清单",
        "{typed} is not how many are on the list; look at it again",
    ),
    "disposal.held": (
        "清单中有已保全的资料（{why}），已移出 {dropped} 件，余 {left} 件；请重新查看清单",
        "a legal hold ({why}) lies on it; {dropped} left the list, {left} remain; look at it again",
    ),
    "disposal.list_changed": (
        "列入清单后情况有变，已移出 {dropped} 件，余 {left} 件；请重新查看清单",
        "facts have changed since; {dropped} left the list, {left} remain; look at it again",
    ),
    "disposal.not_now": (
        "本次销毁的状态为 {state}，不能如此操作",
        "the run is {state}; that is not possible now",
    ),
    "disposal.altered": (
        "清单与提出时不一致，已拒绝；请运行 gateway verify 核对",
        "the list is not the one that was proposed; see `gateway verify`",
    ),
    "hold.unknown": ("没有 {ref}", "there is no {ref}"),
    "hold.lifted": ("已由 {by} 于 {at} 解除", "{by} lifted it at {at}"),
    "hold.not_collected": (
        "只能由采集单位或者其上级单位解除；案件单位需要继续保存的，请办理保全",
        "only the unit that recorded it, or one above, lifts that; a unit of the case places a hold instead",
    ),
    "hold.destroyed": (
        "资料 {clip} 已依程序销毁，见销毁记录 {record}",
        "clip {clip} was destroyed by a disposal; see its record {record}",
    ),
    "order.destroyed": (
        "已依程序销毁，没有可读取的原件",
        "it was destroyed by a disposal; there is nothing to read",
    ),
    "release.destroyed": (
        "网关中的原件已依程序销毁，设备上的文件不再由网关清除",
        "the original here was destroyed by a disposal; what the device has is left to it",
    ),
    "found.destroyed_before": (
        "相同内容曾于 {at} 销毁（记录 {record}），现又从设备采入，按新资料保存，请核对",
        "the same content was destroyed at {at} (record {record}); it came in again, kept anew",
    ),
}
