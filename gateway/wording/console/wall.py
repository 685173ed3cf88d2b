"""What the live wall says."""

WORDS: dict[str, tuple[str, str]] = {
    "nav.wall": ("实时画面", "Live wall"),
    "wall.title": ("实时画面", "Live wall"),
    "wall.none": ("没有可看的画面", "There is no picture to watch"),
    "wall.nothing_found": ("没有符合条件的设备", "No device is called that"),
    "wall.none_then": (
        "这里显示本单位的询问室、听证室和联网执法记录仪。设备由管理员在 devices.yaml 中登记。",
        "Rooms and connected cameras of your unit show here. The administrator enters them in devices.yaml.",
    ),
    "wall.search": ("设备名称或编号", "Name or number of a device"),
    "wall.find": ("查找", "Find"),
    "wall.purpose": ("调阅事由：{purpose}", "Purpose: {purpose}"),
    "wall.most": ("同时观看", "At once"),
    "wall.count": ("正在观看 {running} 路，最多 {most} 路", "Watching {running} of at most {most}"),
    "wall.full": (
        "已达到同时观看的上限，请先停止一路",
        "As many as may be watched at once: stop one first",
    ),
    "wall.cut": ("与网关的连接已断开", "The connection to the gateway is cut"),
    "wall.cannot": (
        "播放程序没有载入，请刷新页面；仍不能播放的，请联系管理员",
        "The player did not load: load the page again; if it stays so, tell the administrator",
    ),
    "wall.away": ("未连接", "Not connected"),
    "wall.watch": ("观看", "Watch"),
    "wall.watch_what": ("观看 {name}", "Watch {name}"),
    "wall.picture": ("{name} 的实时画面", "Live picture of {name}"),
    "wall.say_why": ("请先填写调阅事由", "Say why you watch first"),
    "wall.starting": ("正在接通…", "Connecting…"),
    "wall.lost": ("画面中断", "The picture is lost"),
    "wall.again": ("正在自动重试…", "Trying again by itself…"),
    "wall.on": ("实时", "Live"),
    "wall.sound": ("声音", "Sound"),
    "wall.large": ("全屏", "Full screen"),
    "wall.stop": ("停止观看", "Stop watching"),
    "wall.stop_all": ("全部停止", "Stop all"),
    "wall.watchers": ("{count} 人在看", "{count} watching"),
    "wall.recorded": (
        "每次观看的人员、事由和时长均记入保管链；画面带有观看人水印。",
        "Who watched, why and how long stands in the chain; the picture bears the viewer's mark.",
    ),
    "wall.back": ("返回实时画面", "Back to the wall"),
    "wall.no_script": (
        "脚本未运行，由浏览器直接播放；不能播放的，请启用脚本或更换浏览器。",
        "No script runs, so the browser itself plays it; where it cannot, allow scripts or take another.",
    ),
}
