"""The annual report: its remarks, its weak points and what follows from them by rule."""

SENTENCES: dict[str, tuple[str, str]] = {
    "annual.not_begun": ("{year} 年尚未开始，不能生成年度报告", "the year {year} has not begun"),
    "annual.counted": (
        "本报告的每个数字均由系统按在案记录计算，没有人工填写；表头和“出处”栏写明所用查询（编号见“查询目录”）"
        "和该数字在查询结果中的位置，任何有权限的人都可以重复查询并核对",
        "every number is counted from what is on record; headings and the column 出处 name its query and the"
        " place in its answer, so that anybody who may ask can compare",
    ),
    "annual.frozen": (
        "已固化的季度按固化时的记录列出，此后的更正不改变固化数字：{quarters}",
        "quarters that are frozen are told as they were then: {quarters}",
    ),
    "annual.live": (
        "未固化的季度和全年数字按 {at} 的记录计算，以后的更正会改变重复查询的结果：{quarters}",
        "what is not frozen is told as on record at {at}; a later correction changes it: {quarters}",
    ),
    "annual.sums": (
        "全年数字按全年记录单独计算，不是四个季度之和；跨季度的事项、期末数和季度固化后的更正会造成差异",
        "the year is counted by itself and is no sum of quarters",
    ),
    "annual.running": (
        "本年尚未结束，全年数字截至 {at}",
        "the year has not ended; it is told up to {at}",
    ),
    "annual.units_left": (
        "所属单位共 {count} 个，此处列出前 {shown} 个；其余用查询 {ref} 查看",
        "{count} units, of which {shown} are here; see query {ref} for the rest",
    ),
    "annual.names_of_today": (
        "名称为制作本表时的名称；本单位看不到的，只列编号。",
        "Names are those of when this was made; what may not be seen is listed by its id alone.",
    ),
    "annual.rows_left": (
        "{name}：共 {count} 件，列出前 {shown} 件；其余用命令查看：{command}",
        "{name}: {count} cases, {shown} are here; for the rest: {command}",
    ),
    "annual.in_workbook": (
        "未计入分子的逐件明细（超期未归档为逾期案件）列在同一报告的电子表格（XLSX）“明细”页",
        "each case that does not count is in the workbook of this report",
    ),
    # weak points: which rule chose them
    "weak.by_lowest": (
        "全年比率最低的 {number} 项（例外率除外，已达 100% 的除外）",
        "one of the {number} lowest rates",
    ),
    "weak.by_unit": ("该项比率最低的单位", "the unit in which it is lowest"),
    "weak.by_reason": (
        "全部指标中未达到原因最多的 {number} 项",
        "one of the {number} commonest reasons in all",
    ),
    "weak.by_fall": ("最近两个季度相比下降", "it fell between the last two quarters"),
    "weak.by_cause": ("最常见的 {number} 种", "one of the {number} commonest"),
    "weak.by_most": ("缺配最多的 {number} 个单位", "one of the {number} that lack most"),
    "weak.by_count": ("数量不为零", "there are any"),
    # what is weak
    "weak.figure": ("{name}偏低", "{name} is low"),
    "weak.unit": ("{name}最低的单位：{unit}", "{name} is lowest in {unit}"),
    "weak.reason": ("{name}未达到的原因：{why}", "{name} does not count because: {why}"),
    "weak.fall": ("{name}由 {before}（{ref}）的 {old} 降至 {after} 的 {new}", "{name} fell: {old} to {new}"),
    "weak.gap": ("记录中断的原因：{cause}", "cause of gaps: {cause}"),
    "weak.doubt": ("关联附注或者存疑的理由：{why}", "reason of doubt about links: {why}"),
    "weak.unlinked": ("未关联案件的理由：{why}", "reason why clips fit no case: {why}"),
    "weak.archive": ("已结案件超过归档期限未归档", "closed cases were not archived in time"),
    "weak.missing": (
        "{unit}缺配执法记录设备（数量为缺配数，总数为应配数）",
        "{unit} has fewer devices in service than required",
    ),
    "weak.none": ("按以上规则没有需要列出的薄弱环节", "by these rules nothing is weak"),
    # what follows: each from one rule
    "proposal.equipped": (
        "为缺配单位补足执法记录设备，超配单位优先调剂",
        "fill the places that are empty, first from units that have too many",
    ),
    "proposal.to_spec": (
        "更新或者停用技术参数不达标的设备，补录参数不明设备的技术参数",
        "replace devices below specification, enter what is not known",
    ),
    "proposal.fully_recorded": (
        "对应当全程记录的环节逐一核对起止时间，做到到达即开机、离开方关机；中断须当场说明原因",
        "see that whole steps are recorded from arrival to leaving, and each gap explained",
    ),
    "proposal.key_parts_recorded": (
        "将应当记录的重点环节列入办案提示，缺少音像资料的补作工作记录",
        "remind of key parts, and write a record of work where footage is missing",
    ),
    "proposal.linked": (
        "对未关联资料逐件核对案件编号、采集人和执法环节，由办案人员确认归属",
        "see each unlinked clip's number, person and step",
    ),
    "proposal.labelled": (
        "采集后当日补齐五项标注，证明对象由承办人填写",
        "complete the five labels on the day",
    ),
    "proposal.uploaded_in_time": (
        "督促执法人员当日返回后及时入站采集，异地执法的登记返回时间",
        "dock on the day of return; enter when officers came back from far",
    ),
    "proposal.intact": (
        "立即核查完整性校验未通过的资料，查明读出内容变化的原因，检查存储介质",
        "find out why originals read differently, and see to the disks",
    ),
    "proposal.handed_back": (
        "落实设备当日领用、当日归还登记，日终未归还的由保管人核实去向",
        "see that devices come back on the day",
    ),
    "proposal.viewings_approved": (
        "落实调阅审批，未经审批的不得调阅",
        "let nobody view without approval",
    ),
    "proposal.archive_overdue": (
        "对超期未归档案件列出清单，限期归档",
        "list the cases that are late, and archive them",
    ),
    "proposal.battery": (
        "出勤前检查电量，长时间执法配备备用电池或者备用设备",
        "check batteries before going out; take spare ones",
    ),
    "proposal.storage": (
        "出勤前清点存储空间，入站采集后及时释放",
        "check free memory before going out",
    ),
    "proposal.fault": (
        "对发生故障的设备检修或者更换",
        "repair or replace the devices that failed",
    ),
    "proposal.unexplained": (
        "记录中断的，由执法人员当日书面说明原因",
        "who broke off recording states why on the same day",
    ),
    "proposal.none": ("没有薄弱环节触发改进建议", "nothing weak, nothing proposed"),
}
