"""Requests to watch footage and copies: why one is refused."""

SENTENCES: dict[str, tuple[str, str]] = {
    "retrieval.state_secret": (
        "涉及国家秘密，本单位人员也须经审批后方可调阅",
        "it is a state secret: also its own unit watches it only after approval",
    ),
    "retrieval.grant_over": ("调阅授权已到期或者被撤销", "the grant has ended or was revoked"),
    "retrieval.which": (
        "请写明调阅哪些资料：资料编号、案件、当事人或者起止时间，选其一",
        "say which footage: by clips, by a case, by a party or by a span of time; one of them",
    ),
    "retrieval.unseen_characters": (
        "事由中含有不可见的控制字符（{found}），请删除后重新填写",
        "the purpose has characters that nobody sees ({found}); write it without them",
    ),
    "retrieval.no_span": ("开始时间必须早于结束时间", "it must begin before it ends"),
    "retrieval.span_too_wide": (
        "仅按时间申请的，起止时间不超过 {days} 天",
        "by time alone a request spans at most {days} days",
    ),
    "retrieval.too_long": ("调阅期限最长 {days} 天", "a grant lasts at most {days} days"),
    "retrieval.too_many": (
        "申请范围内的资料超过 {most} 段，请缩小范围",
        "it names more than {most} clips; narrow it",
    ),
    "retrieval.not_yours": ("只能撤回本人的申请", "only who asked can withdraw it"),
    "retrieval.decided": ("该申请已经办结", "it is decided already"),
    "retrieval.own_request": ("不得审批本人的申请", "nobody decides over his own request"),
    "retrieval.not_the_head": (
        "您不是这一步的审批人（R-71、R-72）",
        "you are not the head who decides this (R-71, R-72)",
    ),
    "retrieval.says_nothing": ("不同意的，须写明理由", "a refusal says why"),
    "retrieval.nothing_found": (
        "申请范围内没有资料，不能批准",
        "nothing was found that it could open",
    ),
    "retrieval.longer_than_asked": (
        "批准的期限不得超过申请的 {days} 天",
        "it cannot be granted for longer than the {days} days asked for",
    ),
    "retrieval.became_secret": (
        "申请之后其中有资料被标为国家秘密，请申请人重新申请",
        "a clip became a state secret since; it has to be asked for anew",
    ),
    "retrieval.no_grant": ("没有在有效期内的授权", "there is no grant that runs"),
    "retrieval.no_person": ("没有可用的账户 {name}", "there is no account {name} that works"),
    "retrieval.head_may_not_watch": (
        "{name} 的岗位（{role}）无权调阅，不能担任审批人",
        "{name} ({role}) may not watch footage and cannot decide over it",
    ),
    "retrieval.head_already": ("{name} 已是 {unit} 的审批人", "{name} decides for {unit} already"),
    "retrieval.copy_no_grant": (
        "制作副本须经审批：请提出包含复制的调阅申请（R-75）",
        "a copy needs an approval: ask to watch and to copy (R-75)",
    ),
    "retrieval.copy_no_picture": ("没有画面，无法加印水印", "it has no picture to bear a mark"),
    "retrieval.copy_no_span": ("副本的起止时间不在资料之内", "the span of the copy is not within the clip"),
    "retrieval.copy_no_more": ("该副本已不需要制作", "the copy is not wanted any more"),
    "retrieval.copy_not_made": ("副本制作失败：{error}", "the copy could not be made: {error}"),
    "retrieval.copy_expired": (
        "一天内未能开始制作，请重新申请",
        "it could not be begun within a day; ask for it again",
    ),
    "retrieval.copy_not_ready": (
        "副本尚未制成，或者已到期删除",
        "the copy is not there yet, or not any more",
    ),
}
