"""A twin of a BC+ recorder at the line.

`recorder.json` as for DV16, `clock_ahead_s`, and `loses`: calls whose answers are lost (`SYSTIME=`: only when
it sets).
"""

from datetime import UTC, datetime, timedelta

from drivers.simulators.dv16 import Dv16Twin
from gateway.device import DeviceUnavailable


class BcPlusTwin(Dv16Twin):
    def ask(self, line: bytes, timeout_s: float) -> bytes:
        del timeout_s
        if self.is_late():
            raise DeviceUnavailable("recorder.no_answer", call="USB")
        state = self.state
        said = line.decode("gbk").removeprefix("BC+").strip()
        name, _, value = said.partition("=")
        self.keep({**state, "calls": [*state.get("calls", []), name]})
        name = name.rstrip("?")
        answer = self.told(name, value)
        if {name, f"{name}=" if value else name} & set(state.get("loses", ())):
            raise DeviceUnavailable("recorder.no_answer", call=name)
        return f"+{name}:{answer}\r\n".encode("gbk")

    def told(self, name: str, value: str) -> str:
        state = self.state
        match name:
            case "GBIDCODE":
                return str(state["id_code"])
            case "LOGIN":
                return "Sucess" if value == f"admin:{state['password']}" else "Fail"
            case "USER":
                return ",".join(state["identity"])
            case "BATVAL":
                return str(state.get("battery", 80))
            case "MVEINFO":
                return "1920,1080,30,8000000"
            case "SYSTIME" if value:
                self.keep({**state, "clock_ahead_s": 0, "set_to": value})
            case "SYSTIME":
                return f"{datetime.now(UTC) + timedelta(seconds=state.get('clock_ahead_s', 0)):%Y%m%d%H%M%S}"
            case "UDISKEN":
                self.change_mode()
            case _:
                return "ERROR"
        return "OK"
