"""What is said of links as a whole: between candidates, and why a clip has none."""

SENTENCES: dict[str, tuple[str, str]] = {
    # linking: between candidates
    "link.tied": ("与《{other}》符合度相同，需人工判断", "tied with {other}; a person has to decide"),
    "link.by_time": (
        "台账持有人当时没有有效登记的环节；本单位只有该环节与录制起止时间相符，可能换用了设备，需人工判断",
        "who held it has no valid step then; of the unit only this one begins and ends with the recording",
    ),
    "link.by_time_unheld": (
        "不能确定当时由谁持有；本单位只有该环节与录制起止时间相符，需人工判断",
        "who held it is not known; of the unit only this step begins and ends with the recording",
    ),
    "time.runs_over": (
        "录制既不随环节开始也不随环节结束，超出 {minutes} 分钟，且没有编号或定位佐证，需人工判断",
        "recorded neither from the step's beginning nor to its end but {minutes} min beyond it, "
        "and neither a number nor a place bears it out",
    ),
    "link.by_place": (
        "台账持有人当时没有有效登记的环节；时间和地点与本环节相符，可能换用了设备，需人工判断",
        "who held it has no valid step then; time and place fit this one, so cameras may have been swapped",
    ),
    "link.by_place_unheld": (
        "不能确定当时由谁持有；时间和地点与本环节相符，需人工判断",
        "who held it is not known; time and place fit this step",
    ),
    "link.facts_moved": (
        "人工判定之后事实有变化，现在更符合：{cases}",
        "the facts changed after a person decided; they now fit: {cases}",
    ),
    "link.now_rejected": (
        "人工判定之后事实有变化，按规则现在应予否定，请重新核对",
        "the facts changed after a person decided; by the rules the link would now be rejected",
    ),
    "link.archived_moved": (
        "案件已归档，关联不再自动变更；事实有变化，现在更符合：{cases}",
        "the case is archived and its links stay as they are; the facts changed and now fit: {cases}",
    ),
    "link.archived_gone": (
        "案件已归档，关联不再自动变更；事实有变化，现在没有相符的环节",
        "the case is archived and its links stay as they are; the facts changed and no step fits now",
    ),
    "link.archived_verdict": (
        "案件已归档，关联不再自动变更；事实有变化，按规则现在应为：{verdict}",
        "the case is archived and its links stay as they are; by the facts of today: {verdict}",
    ),
    "link.within_doubt": (
        "按时钟误差，采集时也可能正在《{other}》的环节，需人工判断",
        "by this clock it may as well have been the step of {other}; a person has to decide",
    ),
    "link.too_wide": (
        "此项更正涉及 {clips} 份以上资料，不能事先试算；更正后可在关联历史中查看前后差异",
        "this reaches more than {clips} clips and cannot be tried beforehand; once it is made, the history"
        " of links shows before and after",
    ),
    "link.facts_gone": (
        "人工判定之后事实有变化，现在没有相符的环节",
        "the facts changed after a person decided; no step fits them now",
    ),
    "lost.number_names_other": ("标注的案件编号指向另一案件", "the case number given names another case"),
    "lost.elsewhere": (
        "台账持有人当时在别处，设备不在该处",
        "the ledger's holder was elsewhere than the device",
    ),
    "lost.not_there": (
        "标注的案件当时没有登记的环节，而持有人正在参加另一环节",
        "the case named has no step then, and who held the device was at another",
    ),
    "lost.hardly_shown": ("该环节在资料中所占时长过短", "hardly any of that step is on the clip"),
    "lost.lower_score": ("符合度 {score}，低于 {best}", "score {score}, below {best}"),
    "lost.tied": ("符合度相同（{score}）", "the same score ({score})"),
    # linking: why a clip stays unlinked
    "unlinked.number_unknown": (
        "标注的案件编号 {number} 尚未登记，案件登记后自动关联",
        "case number {number} is not known yet; linked by itself when the case arrives",
    ),
    "unlinked.no_time": (
        "采集时间不可信，无法按时间关联",
        "the capture time cannot be trusted, so nothing fits it",
    ),
    "unlinked.either": (
        "采集时间可能为 {first} 或 {last}（时钟被调整过，或文件名与文件内时间不一致），持有人无法确定",
        "recorded at {first} or at {last} (the clock was set meanwhile, or the file's name and its container "
        "disagree), and who held it is open",
    ),
    "unlinked.no_holder": (
        "台账中查不到 {at} 由谁持有该设备，补录后自动关联",
        "the ledger does not say who held the device at {at}; linked by itself once it does",
    ),
    "unlinked.no_checkout": (
        "共用设备在 {at} 没有领用记录，补录后自动关联",
        "a shared device with no checkout at {at}; linked by itself once there is one",
    ),
    "unlinked.no_activity": (
        "持有人在 {at} 没有登记的执法环节，登记后自动关联",
        "no recorded step of its holder at {at}; linked by itself once there is one",
    ),
    "unlinked.vehicle_idle": (
        "车载设备在 {at} 没有时间、地点相符的执法环节，登记环节或者领用人后自动关联",
        "no step fits time and place of the vehicle at {at}; linked once a step or who took it is there",
    ),
    "unlinked.room_idle": (
        "该室在 {at} 没有登记的执法环节，登记后自动关联",
        "no recorded step in its room at {at}; linked by itself once there is one",
    ),
    "unlinked.withdrawn": (
        "人工已撤回与候选案件的关联，不再自动提出",
        "a person took it back from the case that fits; it is not proposed again",
    ),
    "ended.corrected": ("人工更正：{why}", "corrected by a person: {why}"),
    "ended.undone": ("撤销人工决定：{why}", "a person's decision taken back: {why}"),
    "link.there_already": (
        "该资料已关联到案件 {case} 的同一环节",
        "the clip is linked to that step of {case} already",
    ),
    "link.no_segment": (
        "片段起止时间不成立，应同时给出、起点早于终点并在资料时长之内",
        "no such segment: give both ends, the first before the second and both within the clip",
    ),
    "link.ended": (
        "该关联已由 {by} 于 {at} 结束，请重新查看该资料的关联",
        "{by} ended this link at {at}; look at the clip's links again",
    ),
    "link.nothing_to_undo": ("没有可以撤销的人工决定", "there is no decision of a person to take back"),
    "ended.superseded": ("事实变化，重新判定", "decided anew after a fact changed"),
    "ended.withdrawn": ("人工撤回：{why}", "withdrawn by a person: {why}"),
    "ended.no_longer_fits": ("事实变化后不再符合", "no longer fits after a fact changed"),
}
