"""What boards of cabinets, their locks and badges refuse."""

SENTENCES: dict[str, tuple[str, str]] = {
    "cabinet.no_port": (
        "串口 {port} 无法使用（{error}），请检查连线，并确认没有其他程序占用",
        "the serial line {port} cannot be used ({error}); check the cable, and that no other program has it",
    ),
    "cabinet.silent": (
        "采集柜控制板（地址 {unit}）没有应答，请检查电源、连线和地址",
        "the cabinet's board (address {unit}) does not answer; check power, cable and address",
    ),
    "cabinet.refuses": (
        "采集柜控制板（地址 {unit}）拒绝指令（异常码 {exception}）",
        "the cabinet's board (address {unit}) refuses a command (exception {exception})",
    ),
    "cabinet.other_map": (
        "控制板的寄存器表不是所支持的格式（标识 {magic}，版本 {version}），请核对型号",
        "the board's register map is another one (magic {magic}, version {version}); check its model",
    ),
    "lock.not_known": (
        "{bay} 号仓已发开锁指令，但网关正在停止，未能确认锁是否打开；请现场查看",
        "bay {bay} was told to open while the gateway was stopping; whether it did is not known; go and look",
    ),
    "lock.no_effect": (
        "{bay} 号仓已发开锁指令但锁没有打开，未重复发送；请现场查看",
        "bay {bay} was told to open and did not; it was not told again; go and look",
    ),
    "lock.no_such_bay": ("没有 {bay} 号仓（共 {bays} 个）", "there is no bay {bay} (of {bays})"),
    "handover.open": ("{bay} 号仓已开", "bay {bay} is open"),
    "handover.unknown_badge": (
        "此卡（{badge}）未登记，请联系管理员",
        "this badge ({badge}) is nobody's; have it entered",
    ),
    "handover.certificate": (
        "执法证不在有效期内，不能领用设备",
        "the enforcement certificate is not valid; no device is given out",
    ),
    "handover.has_left": (
        "登记为已离岗，不能领用设备",
        "entered as having left; no device is given out",
    ),
    "handover.has_one_out": (
        "您还有未归还的设备，请先归还",
        "you have a device out; bring it back first",
    ),
    "handover.changed": (
        "仓内情况已变化，请重新刷卡",
        "what lies in the bays has changed; show the badge again",
    ),
    "handover.no_free_bay": ("没有空仓可归还设备", "no bay is free to put a device back"),
    "handover.none_for_you": (
        "柜内没有配备给您或本科室共用的设备",
        "nothing in this cabinet is yours or shared with your unit",
    ),
    "handover.not_in_service": (
        "设备 {device} 不在使用状态，不能领用",
        "{device} is not in service and is not given out",
    ),
    "handover.taken_now": ("{bay} 号仓刚为他人打开，请稍候", "bay {bay} was just opened for somebody; wait"),
    "handover.look_first": (
        "设备 {device} 有 {files} 个文件未能读取或已隔离，须经管理人员处理后方可领用",
        "{files} files of {device} could not be read or were set aside; somebody has to look "
        "before it is given out",
    ),
    "handover.still_copying": (
        "设备 {device}（{bay} 号仓）尚未采集完毕，请稍候",
        "{device} in bay {bay} is still being copied; wait",
    ),
    "handover.late": (
        "此卡在网关停机期间刷过，未予开锁，请重新刷卡",
        "this badge was shown while the gateway was down; nothing was opened; show it again",
    ),
    "handover.already_open": (
        "{bay} 号仓已为您打开，请取走设备",
        "bay {bay} is open for you already; take the device",
    ),
    "handover.fault": ("{bay} 号仓故障，请联系管理员", "bay {bay} has a fault; tell whoever keeps it"),
    "handover.low_battery": (
        "设备 {device} 电量 {battery}%，低于 {least}%，请等待充电",
        "{device} is charged to {battery} %, less than {least} %; wait",
    ),
    "handover.unregistered": (
        "设备 {device} 未经刷卡离开 {bay} 号仓",
        "{device} left bay {bay} and nobody registered it",
    ),
}
