"""What bays and recorders show, what orders and case records refuse."""

SENTENCES: dict[str, tuple[str, str]] = {
    # what a bay shows
    "bay.stranger": (
        "未登记的设备“{name}”，已拒绝读取。如属本单位记录仪，请由管理员登记后重新插入",
        "{name} is not on the list and was not read; if it is yours, have it entered and plug it in again",
    ),
    "bay.flash_mode": (
        "设备“{name}”处于刷机模式，请勿操作，交由维护人员处理",
        "camera is in flashing mode ({name}); do not touch it, give it to the maintainer",
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
    "bay.mtp_failed": (
        "相机（MTP）无法读取（{error}），原样保留；将自动重试，仍不行请重新插入",
        "the camera cannot be read over MTP ({error}); it is tried again by itself, else plug it in again",
    ),
    "bay.mtp_hangs": (
        "相机（MTP）{seconds} 秒内没有应答，请重新插入",
        "the camera has not answered over MTP for {seconds} s; plug it in again",
    ),
    "bay.mtp_locked": (
        "相机（MTP）没有显示存储：请解锁屏幕并选择“传输文件”",
        "the camera shows no storage over MTP: unlock its screen and choose file transfer",
    ),
    "recorder.no_answer": (
        "记录仪没有应答（{call}），请重新插入",
        "the recorder does not answer ({call}); plug it in again",
    ),
    "recorder.no_adb": (
        "本机未安装 adb，无法与安卓记录仪通信；请安装系统软件包 adb",
        "adb is not installed here, and this recorder speaks through it; install the system package adb",
    ),
    "recorder.refuses": (
        "记录仪拒绝执行（{call}）；如正在录像，请先停止录像再重新插入",
        "the recorder refuses ({call}); if it is recording, stop it, then plug it in again",
    ),
    "recorder.wrong_password": (
        "记录仪拒绝了密码，请改正配置中的密码并重启采集服务；同一密码被拒三次后不再尝试",
        "the recorder refuses the password; correct it in the settings and restart the service; "
        "after three times it is not tried again",
    ),
    "recorder.locked_out": (
        "记录仪（{recorder}）已 {tries} 次拒绝此密码，为免其锁死不再尝试，重启亦然。请改正配置中的密码"
        "并重启采集服务；如改的是记录仪的密码，请停止服务，从 {file} 的 refused 中删去该记录仪，再启动",
        "the recorder ({recorder}) refused this password {tries} times; lest it locks itself it is not tried "
        "again, restart or not: correct the settings and restart; if the recorder's own was corrected, stop "
        "the service, strike the recorder out of `refused` in {file}, start it",
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
    "recorder.stays_locked": (
        "已 {tries} 次要求记录仪切换为存储模式，每次都没有以存储设备出现；请核对 as_disk 设置，然后重新插入",
        "asked for its card {tries} times, the recorder did not come back as the disk that as_disk tells of; "
        "check that setting, then plug it in again",
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
    "recorder.clock_left": (
        "本机时钟未与标准时间同步，没有给记录仪校时；其误差已记录，采集时间照常修正",
        "this host's own clock is not synchronised, so the recorder's was left as it is; its error is stored",
    ),
    # connected cameras
    "broker.away": (
        "消息服务器 {broker} 不可用（{error}），正在重试",
        "the broker {broker} is not available ({error}); it is tried again",
    ),
    "broker.refuses": (
        "消息服务器 {broker} 拒绝连接（{error}），请检查证书与权限",
        "the broker {broker} refuses us ({error}); check certificate and rights",
    ),
    "broker.stranger": (
        "设备 {device} 未登记，其消息未予接收",
        "{device} is not on the list; what it says is not taken in",
    ),
    "broker.offline": ("设备 {device} 不在线", "{device} is not connected"),
    "order.clock_unread": (
        "没有读到设备 {device} 的时钟，为保留误差证据未予校时",
        "the clock of {device} could not be read; it was not set, that would destroy how wrong it was",
    ),
    "order.clock_recording": (
        "设备 {device} 正在录像，校时会使这段录像的时间无法判断；请停止录像后再校时",
        "{device} is recording; a clock that is set meanwhile leaves its time open: stop it first",
    ),
    "order.host_unsynchronised": (
        "本机时钟未与标准时间同步，未给设备 {device} 校时；请先同步本机时钟",
        "this host's own clock is not synchronised; that of {device} was not set: synchronise this one first",
    ),
    "order.no_answer": (
        "设备 {device} 没有在期限内应答，指令已作废",
        "{device} did not answer in time; the order is void",
    ),
    "room.lost": (
        "录像机信号中断（{error}），正在重新连接；中断时段将如实记录",
        "the recorder's stream ended ({error}); connecting again, the gap will be on record",
    ),
    "room.leapt": (
        "录像机的时间戳突然跳变，已从头接录；空档会记录在案",
        "the recorder's time stamps leapt; it is recorded anew, the gap will be on record",
    ),
    "room.still": (
        "录像机画面停滞（{error}），正在重新连接；停滞时段将如实记录",
        "the recorder's stream stands still ({error}); connecting again, the gap will be on record",
    ),
    "live.none": (
        "设备 {device} 不支持实时画面；谈话室录像机和联网记录仪可实时调阅",
        "{device} has no live picture; rooms and connected cameras have one",
    ),
    "live.not_connected": (
        "设备 {device} 未连接，暂无实时画面",
        "{device} is not connected; there is no live picture",
    ),
    "live.nothing_yet": ("设备尚未送来画面，请稍候", "the device sends no picture yet; ask again"),
    "live.no_listener": (
        "未配置实时画面接收端口，请在 devices.yaml 中为 {device} 的服务器填写 live",
        "no listener for live pictures: give the broker of {device} a `live` section in devices.yaml",
    ),
    "live.broken_off": (
        "实时画面中断（{error}），正在重新连接",
        "the live picture broke off ({error}); connecting again",
    ),
    "live.ended": ("设备结束了实时画面，正在重新连接", "the device ended the live picture; connecting again"),
    "live.still": ("实时画面停滞不动，正在重新连接", "the live picture stands still; connecting again"),
    "live.no_folder": (
        "实时画面目录不可写（{error}），请检查数据盘",
        "the folder for live pictures cannot be written ({error}); check the data disk",
    ),
    # network video recorders
    "nvr.away": (
        "硬盘录像机无法连接（{error}），正在重试；录像仍在录像机中",
        "the recorder cannot be reached ({error}); it is tried again, the footage is still there",
    ),
    "nvr.refuses_user": (
        "硬盘录像机拒绝登录（{status}），请核对用户名、密码和权限；为避免账号被锁定，半小时后再试",
        "the recorder refuses our user ({status}); check name, password and rights. It is tried again in "
        "half an hour, so that the account is not locked out",
    ),
    "nvr.other_answer": (
        "硬盘录像机对 {path} 的应答为 {status}，请核对 dialect 和 profile",
        "the recorder answers {path} with {status}; check dialect and profile",
    ),
    "nvr.unreadable": (
        "硬盘录像机返回的 {what} 无法识别（“{told}”），请核对 dialect 和 profile",
        "what the recorder tells as {what} cannot be read ({told}); check dialect and profile",
    ),
    "nvr.ahead": (
        "录像开始时间 {start} 晚于录像机时钟 {times}，请核对 profile.times，避免录像时间错位",
        "a recording begins at {start}, after the recorder's own {times}; check profile.times, "
        "or all times would be off",
    ),
    "order.bad_time": (
        "“{told}”不是带时区的时间，例如 2026-08-04T17:30:00+08:00",
        "{told} is no time with a zone, such as 2026-08-04T17:30:00+08:00",
    ),
    "upload.bad_id": ("文件编号“{file}”不可用", "{file} cannot be a file id"),
    "upload.other_digest": (
        "文件 {file} 收到的内容（{found}…）与设备所报摘要不符，请重新上传",
        "what came of {file} ({found}…) is not what its digest says; send it again",
    ),
    "upload.unreadable": (
        "文件 {file} 已收到，但网关磁盘无法读回（{error}），已移开备查，请重新上传",
        "what came of {file} cannot be read back from the gateway's disk ({error}); it was set aside, "
        "send it again",
    ),
    "upload.journal_unreadable": (
        "接收日志损坏（{folder}），其中 {files} 个文件已收妥并照常保存，但所属记录仪和佩戴人不明，请人工核对",
        "a journal of what was received is broken ({folder}); its {files} files are kept, but whose they are "
        "is not known; look at them",
    ),
    "upload.no_listener": (
        "上传端口 {address} 无法监听，请检查是否被占用",
        "uploads cannot be listened for at {address}; is the port in use?",
    ),
    # orders
    "order.unknown": ("此设备不支持指令 {kind}", "this device does not know the order {kind}"),
    "order.nothing_stored": ("此资料尚未存入，无可校验", "nothing of this clip is stored yet"),
    "order.unreadable": ("存储盘读取出错：{error}", "the store's disk cannot be read: {error}"),
    "order.interrupted": ("执行中断，请重新下达", "interrupted before it ended; ask again"),
    "order.failed": ("执行失败：{error}", "it failed: {error}"),
    "order.no_clip": ("指令 {kind} 需要指明资料", "the order {kind} needs a clip"),
    "order.no_device": ("没有正在运行的设备 {device}", "no running device {device}"),
    "order.busy": ("设备正忙，请稍后再试", "the device is busy; ask again later"),
}
