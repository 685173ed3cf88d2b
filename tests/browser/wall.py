"""The live wall: two frames of one picture are compared."""

from playwright.sync_api import expect

from tests.browser.watched import Watched

PIXELS = """index => {
  const video = document.querySelectorAll('[data-tile] video')[index];
  const canvas = Object.assign(document.createElement('canvas'), {width: 32, height: 18});
  const pen = canvas.getContext('2d');
  pen.drawImage(video, 0, 0, 32, 18);
  return [video.currentTime, Array.from(pen.getImageData(0, 0, 32, 18).data).join()];
}"""


def moving_on_the_wall(head: Watched) -> None:
    """A picture that moves, says when the line is cut, and comes back by itself."""
    page = head.page
    head.expect("status of 503")  # a picture that is not there yet says so
    head.expect("ERR_INTERNET_DISCONNECTED")
    page.goto("/wall")
    page.locator("#purpose").fill("督察抽查")
    page.get_by_role("button", name="开始调阅").click()
    tile = page.locator("[data-tile]").first
    tile.locator("[data-begin] button").click()
    expect(tile).to_have_attribute("data-state", "live")
    first, before = page.evaluate(PIXELS, 0)
    page.wait_for_timeout(1500)
    second, after = page.evaluate(PIXELS, 0)
    assert second > first
    assert before != after, "its pixels stand still"
    expect(tile.locator(".watermark span").first).to_contain_text("supervisor")
    assert tile.locator("video").evaluate("one => one.muted")
    assert head.barriers() == []
    page.context.set_offline(True)
    expect(tile).to_contain_text("连接已断开", timeout=12_000)
    page.context.set_offline(False)
    expect(tile).to_have_attribute("data-state", "live")
    tile.locator("[data-stop]").click()
    expect(tile).to_have_attribute("data-state", "idle")
    page.goto("/retrieval/log?kind=LIVE&person=supervisor")
    expect(page.locator("tbody tr").first).to_contain_text("督察抽查")
