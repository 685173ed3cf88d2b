"""Why work waits, why a clip is set aside, what is wrong with content, what became of a file."""

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
    "wait.content_key": (
        "内容已加密，正在等待其密钥文件存妥",
        "it is encrypted, and its key object is still on its way",
    ),
    "wait.busy": ("另一个工作进程正在复制此文件", "another worker is copying this file"),
    "wait.no_usb": (
        "本机没有 USB 总线，采集站无法工作",
        "this machine has no USB bus; the dock cannot work",
    ),
    # why a clip is not of the device that its name says
    "recorder.several": (
        "文件名中的设备“{named}”有多台同号设备，无法确定，按接收设备登记",
        "several devices bear {named}, which its name says; it counts as the one's it was found on",
    ),
    "recorder.other_unit": (
        "文件名中的设备“{named}”不属于接收设备所在单位及其下级单位，按接收设备登记",
        "{named}, which its name says, is a device of neither this unit nor one below; it counts as that of "
        "the device it was found on",
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
    "quarantine.unknown_officer": (
        "佩戴人“{account}”不在人员名册中；资料已完整保存，请登记该人员（警号须一致）后自动解除",
        "{account} wore it and is in no register; all is kept; enter an officer of that number to end this",
    ),
    "quarantine.state_secret": (
        "已注明涉及国家秘密：不得在本（非涉密）系统使用，请按保密规定处理；如注明有误，请写明理由解除",
        "said to hold a state secret: not for this system; if that is wrong, lift it with the reason",
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
    "condition.encrypted": (
        "内容已加密（密钥 {key}），本机未配置对应私钥，无法播放；原件与密钥文件已原样保存",
        "encrypted (key {key}) and that key is not configured here; the original and its key object are kept",
    ),
    "condition.undecryptable": (
        "内容已加密，用密钥 {key} 解不开（{error}）；原件与密钥文件已原样保存",
        "encrypted, and key {key} does not open it ({error}); the original and its key object are kept",
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
    "listed.other_file_system": (
        "记录仪上还有未读取的存储区 {what}，请查看有无录像；确无录像的，在设置中用 passed_over 注明",
        "the camera has another file system that is not read: {what}; look whether footage is on it, "
        "or say in the settings that there never is (passed_over)",
    ),
    "listed.gone": ("清点后、采集前从设备上消失", "vanished from the device between listing and copying"),
    # release of the source
    "release.kept": ("按策略保留在设备上", "left on the device by policy"),
    "release.erased": ("两次校验一致后已从设备清除", "erased from the device after both reads agreed"),
    "release.one_disk": (
        "第二份副本与主存储在同一块盘上，未清除，文件留在设备上；请将 store.second_copy 放到另一块盘",
        "the second copy lies on the store's own disk: not erased; put store.second_copy on another disk",
    ),
    "release.told": (
        "已告知设备可以自行删除",
        "the device was told that it may delete it",
    ),
    "release.source_differs": (
        "设备上的文件再次读取时与已存原件不一致，保留在设备上，请人工核对",
        "read once more, the file on the device differs from the stored original; it stays there, look at it",
    ),
    "release.failed": ("设备拒绝清除：{error}", "the device would not erase it: {error}"),
    "release.mtp_cannot": (
        "该相机（MTP）不支持由外部清除文件，文件保留在相机上，请在相机上自行处理",
        "this camera lets nothing be erased over MTP; the file stays on it, erase it on the camera",
    ),
    "release.erased_unrecorded": (
        "本网关已开始清除而结果未及记录；再次查看时设备上已无此文件",
        "we had begun to erase it and could not write down how that ended; it is no longer on the device",
    ),
    "release.earlier": (
        "上次接入时的文件，是否仍在以本次清点为准",
        "an earlier docking's file; what this docking finds settles it",
    ),
    "release.stopped": (
        "网关正在停止，尚未清除，下次启动后继续",
        "the gateway is stopping; nothing was erased, it goes on at the next start",
    ),
    "release.source_gone": ("设备上已无此文件", "the file is no longer on the device"),
    # viewings (调阅) that were refused
    # what is done to many clips at once, searches that are kept
    "bulk.matter_of_links": (
        "已关联案件的资料，证明对象在其关联中填写",
        "it is linked: what it proves is said of each of its links",
    ),
    "bulk.labelled_since": (
        "此后 {by} 已于 {at} 标注，未覆盖；请查看后再标注",
        "{by} labelled it at {at}, after this list was shown; it stays. Look at it, then label again",
    ),
    "bulk.linked_already": ("该资料已关联到此案件", "it is linked to that case already"),
    "bulk.changed_since": (
        "此后已有人改动，保持现状",
        "somebody changed it since; it stays as it is",
    ),
    "search.name_taken": (
        "已有名为“{name}”的搜索，请另取名称，或先删除它",
        "There is a search called “{name}”; take another name, or remove that one first",
    ),
    "search.odd_name": (
        "名称不能含看不见的字符，请重新输入",
        "a name has no characters that cannot be seen; type it again",
    ),
    "search.too_many": (
        "最多保存 {most} 个搜索，请先删除不用的",
        "at most {most} searches are kept; remove one first",
    ),
    "retrieval.not_allowed": (
        "其岗位无权调阅，或者没有登记调阅用途",
        "the role may not watch footage, or no purpose was given",
    ),
    "retrieval.not_own_grant": (
        "所依据的调阅申请不是本人提出，或者不包括该资料",
        "the request that it was opened by is not the viewer's own, or does not name the clip",
    ),
    "retrieval.not_visible": ("不在其可见范围之内", "it is not the viewer's to see"),
}
