"""The indicators in words: what each is called, what it counts, why something was left out of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """An indicator in Chinese and English. All of them are ours: §8 names them, no text defines them."""

    name: tuple[str, str]
    numerator: tuple[str, str]
    denominator: tuple[str, str]
    basis: tuple[str, str]
    """What of it the law asks, and what is ours."""


OURS = ("指标口径为本系统所定", "the way of counting is ours")

FIGURES: dict[str, Told] = {
    "equipped": Told(
        ("配备率", "equipment rate"),
        (
            "期末在用的执法记录仪、手持执法终端",
            "body cameras and handheld terminals in service at the end of the period",
        ),
        (
            "应配数（按单位类别和执法人员数）",
            "places to be filled, by the unit's class and number of officers",
        ),
        (
            "应配比例见 R-31、AL-6；口径为本系统所定",
            "the ratio is R-31 and AL-6; the way of counting is ours",
        ),
    ),
    "to_spec": Told(
        ("达标率", "rate to specification"),
        ("其中各项参数均达到最低技术要求的", "those whose every figure reaches the least that is asked"),
        (
            "期末现有的执法记录仪、手持执法终端；参数不明的计入",
            "those held at the end of the period; unknown specifications count here",
        ),
        (
            "最低技术要求见 R-33、AL-7；口径为本系统所定",
            "the least is R-33 and AL-7; the way of counting is ours",
        ),
    ),
    "fully_recorded": Told(
        ("全程记录率", "rate of whole recordings"),
        (
            "其中记录完整的（覆盖率达到规则包要求）",
            "those recorded whole, by the share that the rule pack asks",
        ),
        ("应当全程音像记录的执法环节", "steps that had to be recorded whole"),
        (
            "全程记录的范围见 R-16、LK-14 及三项制度；口径为本系统所定",
            "what must be recorded whole: R-16, LK-14 and the frame; the way of counting is ours",
        ),
    ),
    "key_parts_recorded": Told(
        ("重点环节记录率", "rate of key parts recorded"),
        ("其中有音像资料的", "those of which there is footage"),
        ("应当对相关环节音像记录的执法环节", "steps of which the key parts had to be recorded"),
        (
            "范围见 LK-15 及三项制度；口径为本系统所定",
            "what must be recorded: LK-15 and the frame; the way of counting is ours",
        ),
    ),
    "linked": Told(
        ("关联率", "rate of linked clips"),
        (
            "其中已关联案件且关联未被否定的",
            "those with a link to a case that is neither withdrawn nor rejected",
        ),
        ("期内采集的执法音像资料", "enforcement clips recorded in the period"),
        (
            "音像与文字记录衔接见 R-05；口径为本系统所定",
            "that footage connects with text is R-05; the way of counting is ours",
        ),
    ),
    "labelled": Told(
        ("标注完整率", "rate of complete labels"),
        (
            "其中案件编号、采集时间、采集地点、采集人、证明对象齐全的",
            "those with all five: case number, time, place, person, fact to be proved",
        ),
        ("期内采集的执法音像资料", "enforcement clips recorded in the period"),
        (
            "五项标注见 R-01、LK-1、LK-13；口径为本系统所定",
            "the five labels are R-01, LK-1 and LK-13; the way of counting is ours",
        ),
    ),
    "uploaded_in_time": Told(
        ("按时上传率", "rate of uploads in time"),
        ("其中在入库期限内存入的", "those that were stored before the deadline"),
        (
            "期内采集、采集时间可信的执法音像资料",
            "enforcement clips recorded in the period at a time that is known",
        ),
        (
            "期限见 R-50、R-51、LK-11（非本省规定）；口径为本系统所定",
            "the deadline is R-50, R-51 and LK-11, none of this province; the way of counting is ours",
        ),
    ),
    "intact": Told(
        ("完整性校验通过率", "rate of integrity checks passed"),
        ("其中读出内容与原始摘要一致的", "those that read what was first read"),
        ("期内对原始文件做的每次完整性校验", "every check of an original in the period"),
        (
            "校验见 R-03、R-59、LK-12；口径为本系统所定",
            "that originals are checked is R-03, R-59 and LK-12; the way of counting is ours",
        ),
    ),
    "excepted": Told(
        ("例外率", "rate of exceptions"),
        (
            "其中依法未记录且说明完整的，按情形分列",
            "those lawfully not recorded, with a complete statement; by ground",
        ),
        (
            "应当音像记录（全程或者相关环节）且已结束的执法环节",
            "steps that had to be recorded, whole or in key parts, and have ended",
        ),
        (
            "可以不记录的情形见 R-19、LK-15；口径为本系统所定",
            "the grounds are R-19 and LK-15; the way of counting is ours",
        ),
    ),
    "handed_back": Told(
        ("交接闭环率", "rate of checkouts closed"),
        ("其中当日日终前归还的", "those given back before that day ended"),
        ("期内的设备领用", "checkouts that began in the period"),
        (
            "每日交接登记见 R-46、AL-4；口径为本系统所定",
            "the daily register is R-46 and AL-4; the way of counting is ours",
        ),
    ),
    "viewings_approved": Told(
        ("调阅审批率", "rate of viewings approved"),
        ("其中经过审批的", "those that somebody approved"),
        ("期内须经审批的调阅", "viewings in the period that needed an approval"),
        (
            "调阅审批见 R-71、R-72、R-75；口径为本系统所定",
            "approval is R-71, R-72 and R-75; the way of counting is ours",
        ),
    ),
    "viewings": Told(
        ("调阅次数", "viewings"),
        ("期内的调阅（含实时调阅）", "viewings in the period, live ones among them"),
        ("期内的调阅（含实时调阅）", "the same"),
        (
            "调阅监督见 R-75、R-76；口径为本系统所定",
            "that viewing is supervised is R-75 and R-76; the way of counting is ours",
        ),
    ),
    "archive_overdue": Told(
        ("超期未归档数", "cases not archived in time"),
        ("其中到期末仍未归档的", "those not archived by the end of the period"),
        (
            "期内到归档期限、或者期初已超期未归档的已结案件",
            "closed cases whose time ran out in the period, or before it and still open then",
        ),
        ("归档见 R-61；归档期限为本系统所定", "that files are archived is R-61; the days are ours"),
    ),
}

BREAKDOWNS: dict[str, tuple[str, str]] = {
    "unit": ("单位、科室", "unit or section"),
    "stage": ("环节阶段", "stage"),
    "item": ("执法事项、环节类型", "kind of step"),
    "ground": ("情形", "ground"),
    "type": ("设备类型", "type of device"),
    "media": ("资料类型", "kind of clip"),
    "check": ("校验方式", "kind of check"),
}

KINDS: dict[str, tuple[str, str]] = {
    "device": ("设备", "device"),
    "place": ("应配名额", "place to be filled"),
    "unit": ("单位", "unit"),
    "activity": ("执法环节", "step"),
    "clip": ("音像资料", "clip"),
    "checkout": ("领用记录", "checkout"),
    "custody": ("保管链记录", "line of custody"),
    "viewing": ("调阅", "viewing"),
    "live_view": ("实时调阅", "live viewing"),
    "case": ("案件", "case"),
}

SIDES: dict[str, tuple[str, str]] = {
    "BOTH": ("计入分子和分母", "counts"),
    "DENOMINATOR": ("只计入分母", "counted among, does not count"),
    "NUMERATOR": ("计入分子", "counts; the whole is of another kind"),
    "EXCLUDED": ("不计入", "left out"),
}

SENTENCES: dict[str, tuple[str, str]] = {
    # why something is left out of a figure
    "figure.no_quota": (
        "单位类别未登记或者规则包没有该类别的比例，应配数不明",
        "what the unit must have is not known: no class on record, or no ratio in the rule pack",
    ),
    "figure.not_in_service": ("期末不在用（维修、停用、未启用）", "not in service at the end of the period"),
    "figure.duplicate": ("内容重复，只计一次", "the same content is counted once, elsewhere"),
    "figure.quarantined": ("已隔离，待人工处理", "set aside for a person"),
    "figure.unfinished": ("尚未入库或者尚未识别完毕", "not stored or not described yet"),
    "figure.trial": (
        "采集时设备未启用或者在维修，视为试录",
        "recorded while its device was not in service yet or under repair: a trial",
    ),
    "figure.time_unknown": (
        "采集时间不明或者误差过大",
        "when it was recorded is not known, or not well enough",
    ),
    "figure.upcoming": ("该环节尚未结束", "the step has not ended"),
    "figure.not_due": ("入库期限未到，仍可补齐", "the rest may still come in time"),
    "figure.exempt": (
        "依法未记录，说明完整（见例外率）",
        "lawfully not recorded: see the rate of exceptions",
    ),
    "figure.optional": ("可以不进行音像记录", "need not be recorded"),
    "figure.day_runs": ("领用当日尚未结束", "the day on which it went out has not ended"),
    "figure.no_approval_on_record": (
        "系统尚未登记调阅审批，无法计算",
        "no approvals are recorded yet, so none can be counted",
    ),
    "figure.own_right": (
        "在本人权限之内，无须审批（R-70）",
        "within the viewer's own right: no approval is needed (R-70)",
    ),
    "figure.archive_not_due": ("归档期限未到", "the time to archive it still runs"),
    # why something is counted among the whole and does not count
    "figure.place_to_fill": ("应配名额", "a place to be filled"),
    "figure.below_spec": ("有参数未达到最低要求", "some figure is below the least"),
    "figure.spec_unknown": ("参数不明", "its specification is not known"),
    "figure.partial": ("有资料但记录不完整", "there is footage, but not all"),
    "figure.missing": ("没有音像资料", "no footage"),
    "figure.recorded": ("已有音像资料，或者应当有", "recorded, or owed: no exception"),
    "figure.unlinked": ("未关联案件", "linked to no case"),
    "figure.rejected": ("关联不予采信", "its links are rejected"),
    "figure.label_case": ("缺案件编号", "no case number"),
    "figure.label_time": ("缺可信的采集时间", "no time that can be relied on"),
    "figure.label_place": ("缺采集地点", "no place"),
    "figure.label_person": ("缺采集人", "no person"),
    "figure.label_matter": ("缺证明对象", "no fact to be proved"),
    "figure.label_several": ("缺两项以上标注", "two labels or more are missing"),
    "figure.late": ("超过入库期限", "stored after the deadline"),
    "figure.altered": ("内容与原始摘要不一致", "it reads other bytes than at first"),
    "figure.lost": ("应存的文件不在", "the file that should be there is not"),
    "figure.out_overnight": ("当日日终未归还", "not given back by the end of that day"),
    "figure.archived": ("已按期归档", "archived in time"),
    "figure.archived_late": ("超期后已归档", "archived, but late"),
    # what a reader has to know beside a figure
    "figure.note_approvals": ("系统尚未登记调阅审批", "no approvals are recorded yet"),
    "figure.note_over": (
        "超配单位会使合计高于实际满足程度，请看分单位数",
        "a unit with too many hides one with too few: see each unit",
    ),
    "figure.note_unverified": ("所依据的数值有待核实", "it rests on values that nobody verified"),
    "figure.note_quota_unknown": (
        "部分单位应配数不明，未计入",
        "what some units must have is not known; they are left out",
    ),
    "figure.note_running": ("期间尚未结束", "the period has not ended"),
    # frozen quarters
    "report.no_quarter": (
        "“{written}”不是季度，请写成 2026-Q3",
        "{written} is no quarter; write one such as 2026-Q3",
    ),
    "report.several_tops": (
        "全部单位没有共同的上级单位，文件无法登记，请按单位生成",
        "no one unit stands above all, so the file cannot be put on record; make it for a unit",
    ),
    "report.runs": (
        "该季度到 {until} 才结束，不能固化",
        "the quarter ends at {until}; it cannot be frozen before",
    ),
    "report.again": (
        "该季度已固化（第 {revision} 版）；再次固化须说明原因",
        "frozen already (revision {revision}): say why again",
    ),
    "figure.no_breakdown": (
        "指标 {figure} 没有分项 {by}；可用的分项：{known}",
        "the figure {figure} is not broken down by {by}; it is by {known}",
    ),
    "report.unknown_unit": ("没有单位 {unit}", "there is no unit {unit}"),
    "report.unknown_snapshot": ("没有这一季度的固化报表", "that quarter was not frozen"),
    "report.backwards": ("期间的结束须晚于开始", "the period must end after it begins"),
}
