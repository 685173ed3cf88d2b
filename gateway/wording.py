"""The sentence a person reads for each reason that the gateway stores, in Chinese and English."""

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d$")

Reason = dict[str, Any]
"""A stored reason: `code`, `facts` (what fills the sentence), and for rules `rule` and `passed`."""


def reason(code: str, **facts: object) -> Reason:
    return {"code": code, "facts": {name: str(value) for name, value in facts.items()}}


def sentence(stored: Mapping[str, Any] | None, language: str = "zh", zone: tzinfo = CHINA) -> str:
    """What a stored reason says; an unknown code is shown as it is, never hidden.

    Instants are stored in UTC and told in `zone`.
    """
    if not stored:
        return ""
    wording = SENTENCES.get(stored["code"])
    if wording is None:
        return str(stored["code"])
    which = 0 if language.startswith("zh") else 1
    facts = {name: told(value, which, zone) for name, value in stored.get("facts", {}).items()}
    return wording[which].format_map(Blank(facts))


def told(value: str, which: int, zone: tzinfo) -> str:
    """A stored fact as it stands in a sentence: words of ours in the language, instants in the zone."""
    if value in TERMS:
        return TERMS[value][which]
    if not INSTANT.match(value):
        return value
    return datetime.fromisoformat(value).astimezone(zone).strftime("%Y-%m-%d %H:%M")


class Blank(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"‹{name}›"


TERMS = {
    "gps": ("卫星定位", "its GPS track"),
    "container": ("文件内记录", "its container"),
    "name": ("文件名", "its name"),
    "file": ("文件修改时间", "its modification time"),
    "IN_SERVICE": ("在用", "in service"),
    "REPAIR": ("维修", "under repair"),
    "LOST": ("丢失", "lost"),
    "SUSPENDED": ("停用", "suspended"),
    "RETIRED": ("报废", "retired"),
    "SECTION_SHARED": ("科室共用", "shared by a section"),
    "POOL": ("公用", "pool"),
    "VEHICLE": ("车载", "vehicle"),
    "WINDOW": ("窗口", "counter"),
}
"""Words of ours that stand in facts."""

VERDICTS = {
    "VALID": ("有效", "valid"),
    "VALID_WITH_NOTE": ("有效（附注）", "valid, with a note"),
    "NEEDS_REVIEW": ("待人工审核", "needs review"),
    "REJECTED": ("不予采信", "rejected"),
    "EXEMPT": ("依法可不记录", "exempt"),
}


def verdict_word(verdict: str, language: str = "zh") -> str:
    """A verdict as people say it."""
    chinese, english = VERDICTS[verdict]
    return chinese if language.startswith("zh") else english


SENTENCES: dict[str, tuple[str, str]] = {
    # why work waits
    "wait.source_gone": (
        "设备已离开，等待其再次接入后从 {done} 字节处继续复制",
        "the device has left; copying goes on at byte {done} when it is back",
    ),
    "wait.source_unreadable": (
        "设备读取出错（{error}），保留已复制部分，设备稳定后自动重试",
        "the device cannot be read ({error}); what was copied is kept, it is tried again by itself",
    ),
    "wait.source_changed": (
        "源文件在复制期间发生变化，等待其稳定后重新采集",
        "the file changed while it was copied; it is taken again once it rests",
    ),
    "wait.store_full": (
        "存储空间不足（剩余 {free}，需要 {need}），请清理或扩容，腾出空间后自动继续",
        "the store is full ({free} left, {need} needed); free space and it goes on by itself",
    ),
    "wait.second_copy_gone": (
        "第二份副本的存储盘不在（{path}），接回后自动继续",
        "the disk of the second copy is not there ({path}); it goes on when it is back",
    ),
    "wait.store_gone": (
        "主存储盘不在（{path}），接回后自动继续",
        "the store's disk is not there ({path}); it goes on when it is back",
    ),
    "wait.store_error": (
        "存储盘读写出错（{error}），请检查存储盘，恢复后自动继续",
        "the store's disk fails ({error}); check it, it goes on when it works again",
    ),
    "wait.manifest_differs": (
        "原件旁的清单与登记不符，未制作第二份副本，请运行 gateway verify 核对",
        "the manifest beside the original is not as it was written; no second copy; run `gateway verify`",
    ),
    "wait.retry": ("处理出错（{error}），稍后自动重试", "it failed ({error}); tried again by itself"),
    "wait.busy": ("另一个工作进程正在复制此文件", "another worker is copying this file"),
    "wait.no_usb": (
        "本机没有 USB 总线，采集站无法工作",
        "this machine has no USB bus; the dock cannot work",
    ),
    # what a bay shows
    "bay.stranger": (
        "未登记的设备“{name}”，已拒绝读取。如属本单位记录仪，请由管理员登记后重新插入",
        "{name} is not on the list and was not read; if it is yours, have it entered and plug it in again",
    ),
    "bay.no_card": (
        "{seconds} 秒内没有出现可读的存储卡，请重新插入；仍不行请检查存储卡",
        "no readable card appeared within {seconds} s; plug it in again, then check the card",
    ),
    "bay.no_identity": (
        "设备没有给出 {name}，无法确定是哪一台；请在配置中为它单独登记编号",
        "the camera does not tell its {name}; give it an id of its own in the settings",
    ),
    "bay.bad_identity": (
        "设备给出的编号“{id}”含有不能使用的字符或过长；请在配置中为它单独登记编号",
        "the camera calls itself {id}, which cannot be an id; give it one in the settings",
    ),
    "bay.failed": (
        "仓位处理出错，详见运行日志；请重新插入",
        "this bay failed, see the log; plug the camera in again",
    ),
    "bay.same_identity": (
        "编号 {camera} 的设备已在另一仓位；两台设备编号相同，请核对登记",
        "{camera} is in another bay already: two cameras bear the same id; check the list",
    ),
    "bay.mount_failed": (
        "存储卡无法打开（{error}），原样保留，请联系管理员",
        "the card cannot be opened ({error}); it was left as it is",
    ),
    "recorder.no_answer": (
        "记录仪没有应答（{call}），请重新插入",
        "the recorder does not answer ({call}); plug it in again",
    ),
    "recorder.wrong_password": (
        "记录仪密码不符，请核对配置；连续三次后不再尝试",
        "the recorder's password is another; check the settings; after three times nobody tries again",
    ),
    "recorder.locked_out": (
        "记录仪密码已错 {tries} 次，为免锁死不再尝试；改正配置后重启采集服务",
        "{tries} wrong passwords: not tried again lest it locks itself; correct the settings and restart",
    ),
    "recorder.low_battery": (
        "记录仪电量 {battery}%，低于 {least}%，请先充电，充好后重新插入",
        "the battery is at {battery} %, less than {least} %; charge the recorder, then plug it in again",
    ),
    "recorder.no_card": (
        "记录仪报告没有存储卡，请检查存储卡",
        "the recorder says that it has no card; check the card",
    ),
    "recorder.not_back": (
        "记录仪切换为存储模式后 {seconds} 秒内没有回来，请重新插入",
        "the recorder did not come back within {seconds} s as a disk; plug it in again",
    ),
    "recorder.not_offered": (
        "此型号记录仪的接口不支持这项操作",
        "this recorder's interface does not offer that",
    ),
    "recorder.bad_record": (
        "记录仪的身份记录长度为 {size} 字节，不是已知格式",
        "the recorder's identity record has {size} bytes, which is no known layout",
    ),
    "recorder.too_long": (
        "“{value}”超过记录仪该项 {width} 字节的限制",
        "{value} is longer than the {width} bytes that the recorder has for it",
    ),
    # why a clip is set aside
    "quarantine.digest_differs": (
        "二次读取校验不一致：写入时 {expected}，重读为 {found}，原件已隔离，请检查存储盘",
        "the second read differs: {expected} when written, {found} now; set aside, check the disk",
    ),
    "quarantine.declared_differs": (
        "与来源方给出的校验值不一致：应为 {expected}，实为 {found}，文件照样保存，请核对来源",
        "differs from the digest the sender gave: {expected} declared, {found} received; ask the sender",
    ),
    "quarantine.stored_missing": (
        "存储中的文件不见了：{path}",
        "the stored file is gone: {path}",
    ),
    "quarantine.source_changed": (
        "清点时为 {was} 字节，复制时已变为 {found} 字节；变化后的文件会作为新的资料采集",
        "{was} bytes when listed, {found} when copied; what it became is taken as an item of its own",
    ),
    "quarantine.failed": (
        "多次处理失败（{error}），需要人工处理",
        "failed several times ({error}); a person has to look",
    ),
    "quarantine.second_copy_differs": (
        "第二份副本与原件不一致：{path}",
        "the second copy differs from the original: {path}",
    ),
    # condition of the content
    "condition.empty": (
        "文件为空（0 字节），没有可保存的内容",
        "the file is empty (0 bytes): nothing was recorded in it",
    ),
    "condition.not_media": (
        "扩展名为 {suffix}，但内容不是音像文件；原件已原样保存",
        "named {suffix} but not media inside; the original is kept as it is",
    ),
    "condition.broken": (
        "容器损坏（{error}）；原件已原样保存，并尝试恢复可播放部分",
        "the container is broken ({error}); the original is kept and what can be played is recovered",
    ),
    "condition.unplayable": (
        "容器损坏且无法恢复可播放内容（{error}）；原件已原样保存",
        "the container is broken and nothing playable could be recovered ({error}); the original is kept",
    ),
    # why a listed file is not kept
    "listed.system": ("系统文件，不属于执法记录", "a system file, no record of enforcement"),
    "listed.link": ("符号链接，不跟随", "a symbolic link, not followed"),
    "listed.special": ("不是普通文件", "not a regular file"),
    "listed.marker": ("传输完成标记", "a marker that a transfer is complete"),
    "listed.unreadable": ("无法读取：{error}", "cannot be read: {error}"),
    "listed.unstorable": ("信息无法入库：{error}", "cannot be entered: {error}"),
    "listed.gone": ("清点后、采集前从设备上消失", "vanished from the device between listing and copying"),
    # orders
    "order.unknown": ("此设备不支持指令 {kind}", "this device does not know the order {kind}"),
    "order.nothing_stored": ("此资料尚未存入，无可校验", "nothing of this clip is stored yet"),
    "order.unreadable": ("存储盘读取出错：{error}", "the store's disk cannot be read: {error}"),
    "order.interrupted": ("执行中断，请重新下达", "interrupted before it ended; ask again"),
    "order.failed": ("执行失败：{error}", "it failed: {error}"),
    "order.no_clip": ("指令 {kind} 需要指明资料", "the order {kind} needs a clip"),
    "order.no_device": ("没有正在运行的设备 {device}", "no running device {device}"),
    "order.busy": ("设备正忙，请稍后再试", "the device is busy; ask again later"),
    # the equipment ledger
    "ledger.unknown": ("登记簿中没有 {what}：{ref}", "the registry has no {what} {ref}"),
    "ledger.one_holder": (
        "请且仅请指定一个持有方：人员、房间或单位",
        "name exactly one holder: officer, room or unit",
    ),
    "ledger.backwards": ("结束时间 {end} 早于开始时间 {start}", "it ends ({end}) before it begins ({start})"),
    "ledger.overlaps": (
        "该设备自 {since} 起已由 {holder} 持有，请先终止或更正该记录",
        "{holder} has the device since {since}; end or correct that entry first",
    ),
    # case records
    "case.unknown_room": (
        "没有编号为“{room}”的房间，而案件又未写明单位；请写明单位，或先登记该房间",
        "no room {room} is known and the case names no unit; give the unit, or enter the room first",
    ),
    "case.part_of_another": (
        "编号 {part} 属于另一案件，请使用本案自己的环节、文书编号",
        "{part} belongs to another case; use ids of this case's own steps and papers",
    ),
    # release of the source
    "release.kept": ("按策略保留在设备上", "left on the device by policy"),
    "release.erased": ("两次校验一致后已从设备清除", "erased from the device after both reads agreed"),
    "release.source_differs": (
        "设备上的文件与已存原件不一致，拒绝清除",
        "the file on the device differs from the stored original; not erased",
    ),
    "release.failed": ("设备拒绝清除：{error}", "the device would not erase it: {error}"),
    "release.source_gone": ("设备上已无此文件", "the file is no longer on the device"),
    # linking: one rule applied to one candidate
    "number.matches": (
        "标注的案件编号 {number} 与本案一致",
        "the case number given, {number}, is this case's",
    ),
    "number.other": (
        "标注的案件编号 {number} 不是本案（{case}）的编号",
        "the case number given, {number}, is not one of this case ({case})",
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
    "custody.room": ("设备固定安装于 {room}", "the device is fixed in {room}"),
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
    "time.outside": (
        "采集时间不在该执法环节之内（时间来源 {source}，误差 ±{uncertainty} 秒）",
        "not recorded during the step (time from {source}, ±{uncertainty} s)",
    ),
    "time.no_activity": (
        "采集时本案没有登记的执法环节（立案前采集属正常情形）",
        "the case has no recorded step at that time (normal before 立案)",
    ),
    "time.unknown": ("采集时间不可信", "the capture time cannot be trusted"),
    "original.verified": ("原件二次读取校验一致", "the original was read a second time and agreed"),
    "original.unverified": ("原件尚未通过二次校验", "the original has not passed its second read"),
    "labels.missing": (
        "尚缺标注：{labels}（补齐前不可归档）",
        "labels still missing: {labels} (not archivable until given)",
    ),
    # linking: between candidates
    "link.tied": ("与《{other}》得分相同，需人工判断", "tied with {other}; a person has to decide"),
    "lost.lower_score": ("得分 {score}，低于 {best}", "score {score}, below {best}"),
    "lost.tied": ("得分相同（{score}）", "the same score ({score})"),
    # linking: why a clip stays unlinked
    "unlinked.number_unknown": (
        "标注的案件编号 {number} 尚未登记，案件登记后自动关联",
        "case number {number} is not known yet; linked by itself when the case arrives",
    ),
    "unlinked.no_time": (
        "采集时间不可信，无法按时间关联",
        "the capture time cannot be trusted, so nothing fits it",
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
    "unlinked.withdrawn": (
        "人工已撤销与候选案件的关联，不再自动提出",
        "a person took it back from the case that fits; it is not proposed again",
    ),
    "ended.superseded": ("事实变化，重新判定", "decided anew after a fact changed"),
    "ended.withdrawn": ("人工撤销：{why}", "withdrawn by a person: {why}"),
    "ended.no_longer_fits": ("事实变化后不再符合", "no longer fits after a fact changed"),
}
