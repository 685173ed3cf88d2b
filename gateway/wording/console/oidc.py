"""What signing in by the city's own sign-in service says."""

WORDS: dict[str, tuple[str, str]] = {
    "oidc.or": ("或", "or"),
    "oidc.with": ("使用{name}登录", "Sign in by {name}"),
    "oidc.title": ("登录成功", "Signed in"),
    "oidc.entering": ("登录成功，正在进入…", "Signed in; going on…"),
    "oidc.go_on": ("没有自动跳转时请点这里", "Go on, if nothing happens"),
    "oidc.declined": ("未完成统一认证登录", "You did not sign in there"),
    "oidc.declined.then": (
        "您在认证页面取消了登录，或账号无权使用本系统。可重新登录，或使用本系统的用户名和密码。",
        "It was called off there, or that account may not use this. Try again, or use name and password.",
    ),
    "oidc.troubled": ("统一认证服务报告错误", "The sign-in service reports an error"),
    "oidc.troubled.then": (
        "请稍候重试，或使用本系统的用户名和密码；持续出现请联系管理员。",
        "Try again in a moment, or use your name and password; if it stays, tell the administrator.",
    ),
    "oidc.away": ("统一认证服务暂时无法连接", "The sign-in service cannot be reached"),
    "oidc.away.then": (
        "请使用本系统的用户名和密码登录，或稍候重试；持续出现请联系管理员。",
        "Use your name and password, or try again later; if it stays, tell the administrator.",
    ),
    "oidc.unclear": ("统一认证的登录结果无法核实", "The sign-in service's answer could not be verified"),
    "oidc.unclear.then": (
        "没有登录。请重试一次；仍然如此请联系管理员，原因在运行日志中。",
        "You are not signed in. Try once more; if it stays, tell the administrator: the log says why.",
    ),
    "oidc.expired": ("这次登录已过期或已使用", "This sign-in took too long, or was used"),
    "oidc.expired.then": (
        "请重新点击统一认证登录，并在同一浏览器中 10 分钟内完成。",
        "Begin anew, and finish in the same browser within ten minutes.",
    ),
    "oidc.nobody": ("您的统一认证账号在本系统没有可用账户", "You have no account here to sign in to"),
    "oidc.nobody.then": (
        "请联系管理员开通，或核对账户名称与绑定。",
        "Ask the administrator to open one, or to look at its name and binding.",
    ),
}
