"""What stands in the way of a decision in a work list."""

SENTENCES: dict[str, tuple[str, str]] = {
    "worklist.overtaken": (
        "{by} 已于 {at} 先行处理，您的操作没有执行；以下是处理后的情况，请核对后再决定",
        "{by} decided it at {at}, so yours was not done; this is how it stands now",
    ),
    "worklist.judged_anew": (
        "系统已于 {at} 按新的事实重新判定，您的操作没有执行；以下是重新判定后的情况，请核对后再决定",
        "it was judged anew at {at} on new facts, so yours was not done; this is how it stands now",
    ),
    "worklist.decided_since": (
        "{by} 已于 {at} 就此作出新的决定，不能再撤销您之前的操作",
        "{by} decided on it at {at}, after you: what you did before cannot be undone any more",
    ),
    "worklist.unseen": (
        "{by} 已于 {at} 就关联作出新的决定，您的页面上还没有，所以您的操作没有执行；请刷新页面，核对后再决定",
        "{by} decided on its links at {at}, which your page does not show yet, so nothing was done; "
        "load it again and look",
    ),
    "worklist.no_case": ("没有您可以关联的案件“{case}”", "there is no case {case} that you may link to"),
    "worklist.nothing_given": ("没有填写任何标注，未保存", "no label was given; nothing was saved"),
}
