"""What every page says, what signing in says, and what errors say."""

WORDS: dict[str, tuple[str, str]] = {
    "site.name": ("执法全过程记录网关", "Evidence gateway"),
    "site.short": ("执法记录网关", "Evidence gateway"),
    "site.skip": ("跳到正文", "Skip to content"),
    "site.menu": ("菜单", "Menu"),
    "site.language": ("语言", "Language"),
    "site.chinese": ("中文", "中文"),
    "site.english": ("English", "English"),
    "site.theme": ("显示", "Appearance"),
    "site.theme_auto": ("跟随系统", "System"),
    "site.theme_light": ("浅色", "Light"),
    "site.theme_dark": ("深色", "Dark"),
    "site.offline": (
        "网络不通，操作没有送达。请检查网线；恢复后重试即可，已填写的内容还在。",
        "No network: what you did has not arrived. Check the cable; once it is back, try again.",
    ),
    "nav.docks": ("采集站", "Docks"),
    "nav.clips": ("音像资料", "Clips"),
    # sign-in
    "enter.title": ("登录", "Sign in"),
    "enter.name": ("用户名", "Name"),
    "enter.password": ("密码", "Password"),
    "enter.submit": ("登录", "Sign in"),
    "enter.leave": ("退出登录", "Sign out"),
    "enter.wrong": ("用户名或密码不正确", "Name or password is wrong"),
    "enter.wrong_then": (
        "请检查大小写和输入法后重新输入；忘记密码请联系管理员。",
        "Check capitals and the input method; who forgot it asks the administrator.",
    ),
    "enter.wait": ("连续输错次数过多，请等待 {span}后再试", "Too many wrong passwords; wait {span}"),
    "enter.wait_then": (
        "等待期间输入不会被受理；不是您本人操作的，请告知管理员。",
        "Nothing is tried before that. If it was not you, tell the administrator.",
    ),
    "enter.recorded": (
        "登录及操作均记入保管链。",
        "Sign-ins and what is done are on record.",
    ),
    # errors
    "error.home": ("返回首页", "Go to the start"),
    "error.again": ("重新加载", "Load again"),
    "error.400": ("请求无法识别", "The request cannot be read"),
    "error.400.then": ("请返回上一页重试。", "Go back and try again."),
    "error.403": ("您没有这项权限", "You have not the right to do that"),
    "error.403.then": (
        "如工作需要，请联系管理员调整角色；或换用有权限的账户登录。",
        "If your work needs it, ask the administrator; or sign in as somebody who has it.",
    ),
    "error.404": ("没有这个页面或记录", "There is no such page or record"),
    "error.404.then": (
        "地址可能有误，或者它不在您的查看范围内。请返回首页重新进入。",
        "The address may be wrong, or it is not yours to see. Begin at the start.",
    ),
    "error.409": ("没有执行", "It was not done"),
    "error.409.then": (
        "它与现有记录冲突。请返回上一页，刷新后核对再操作。",
        "It conflicts with what is on record. Go back, load again and look.",
    ),
    "error.410": ("该资料已依法销毁", "It was destroyed, as the rules demand"),
    "error.410.then": ("销毁记录仍可查阅。", "The record of that can still be read."),
    "error.413": ("提交的内容过大", "What was sent is too large"),
    "error.413.then": ("单次提交不超过 8 MB，请拆分后重试。", "At most 8 MB at once; divide it."),
    "error.422": ("填写的内容不符合要求", "What was filled in is not as it has to be"),
    "error.422.then": ("请返回上一页，检查后重新提交。", "Go back, check it and send it again."),
    "error.429": ("操作过于频繁", "Too many tries"),
    "error.429.then": ("请稍候再试。", "Wait a little, then try again."),
    "error.500": ("系统出错，操作可能没有完成", "Something went wrong here"),
    "error.500.then": (
        "错误已写入运行日志。请重新加载确认结果；仍出错的，请将时间 {at} 告知管理员。",
        "It is in the log. Load again to see what came of it; else tell the administrator the time, {at}.",
    ),
    "error.503": ("数据库暂时不可用", "The database cannot be reached"),
    "error.503.then": (
        "采集不受影响。请稍候重新加载；持续出现请联系管理员。",
        "Offloading goes on. Load again in a moment; if it stays, tell the administrator.",
    ),
    # common to many pages
    "page.more": ("下一页", "More"),
    "page.newest": ("回到最新", "Newest"),
    # why somebody watches
    "purpose.title": ("本次调阅事由", "Why you watch"),
    "purpose.hint": (
        "观看前填写一次，计入之后每一次调阅记录；退出登录后失效。",
        "Asked once, stamped on every viewing from now on; gone when you sign out.",
    ),
    "purpose.label": ("调阅事由", "Purpose"),
    "purpose.example": ("如：案卷评查", "e.g. review of case files"),
    "purpose.set": ("开始调阅", "Begin"),
    "purpose.change": ("更改事由", "Change"),
}
